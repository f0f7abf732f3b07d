import { ChangeDetectionStrategy, Component } from '@angular/core';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';

/** To be designed. */
@Component({
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <header>
        <h1>{{ t('compare') }}</h1>
      </header>
    </div>
  `,
})
export default class ComparePage {
  protected readonly t = injectTexts(commonTexts);
}
