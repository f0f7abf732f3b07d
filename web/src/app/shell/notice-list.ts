import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Notice, Notices } from '../core/notices/notices';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';

/** Shows the current notices. */
@Component({
  selector: 'e-notice-list',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'region', 'aria-live': 'polite', '[attr.aria-label]': "t('notices')" },
  template: `
    @for (notice of notices.all(); track notice.id) {
      <div class="notice" [class]="notice.kind">
        <e-icon [name]="notice.kind === 'problem' ? 'warning' : notice.kind === 'good' ? 'check' : 'note'" />
        <span>{{ notice.text }}</span>
        @if (notice.action; as action) {
          <button type="button" class="button small" (click)="runAction(notice)">{{ action.label }}</button>
        }
        <button type="button" class="icon-button" [attr.aria-label]="t('close')" (click)="notices.dismiss(notice.id)">
          <e-icon name="close" />
        </button>
      </div>
    }
  `,
  styles: `
    :host {
      position: fixed;
      right: clamp(0.75rem, 2vw, 1.5rem);
      bottom: calc(var(--bar) + var(--tabs) + 1rem + env(safe-area-inset-bottom));
      z-index: 1100;
      display: grid;
      gap: 0.6rem;
      width: min(26rem, 100vw - 1.5rem);
      pointer-events: none;

      /* At the top, next to the title of the page: the buttons for a piece are at the bottom. */
      @media (width >= 840px) {
        top: 1rem;
        bottom: auto;
      }
    }

    .notice {
      display: flex;
      align-items: center;
      gap: 0.7rem;
      padding: 0.5rem 0.4rem 0.5rem 1rem;
      border: 1px solid var(--line);
      border-radius: var(--radius);
      background: var(--raised);
      box-shadow: var(--shadow);
      pointer-events: auto;
      animation: rise 0.18s ease-out;

      > span {
        flex: 1;
      }
    }

    .problem > e-icon {
      color: var(--danger);
    }

    .good > e-icon {
      color: var(--good);
    }

    @keyframes rise {
      from {
        opacity: 0;
        transform: translateY(8px);
      }
    }
  `,
})
export class NoticeList {
  protected readonly notices = inject(Notices);
  protected readonly t = injectTexts(commonTexts);

  protected runAction(notice: Notice): void {
    notice.action?.run();
    this.notices.dismiss(notice.id);
  }
}
