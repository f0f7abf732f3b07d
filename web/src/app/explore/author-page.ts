import { ChangeDetectionStrategy, Component } from '@angular/core';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';

/** To be designed. */
@Component({
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <header>
        <h1>{{ t('explore') }}</h1>
      </header>
    </div>
  `,
})
export default class AuthorPage {
  protected readonly t = injectTexts(commonTexts);
}
