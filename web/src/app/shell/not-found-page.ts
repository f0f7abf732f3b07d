import { ChangeDetectionStrategy, Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';

/** The 404 page. */
@Component({
  imports: [PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <h1 class="visually-hidden">{{ t('notFoundTitle') }}</h1>
      <e-page-state icon="explore" [heading]="t('notFoundTitle')">
        {{ t('notFoundText') }}
        <a action class="button primary" routerLink="/">{{ t('toCompose') }}</a>
      </e-page-state>
    </div>
  `,
})
export default class NotFoundPage {
  protected readonly t = injectTexts(commonTexts);
}
