import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { Problem } from '../core/api/problem';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon, IconName } from './icon';

/** Replaces the content of a page or a panel while it is loading, if loading failed, or if it is empty. */
@Component({
  selector: 'e-page-state',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (problem()) {
      <div class="state" role="alert">
        <e-icon [name]="problem()?.offline ? 'offline' : 'warning'" />
        <p>{{ message() }}</p>
        <button type="button" class="button" (click)="retry.emit()"><e-icon name="again" />{{ t('retry') }}</button>
      </div>
    } @else if (loading()) {
      <div class="bars" role="status">
        <span class="visually-hidden">{{ t('loading') }}</span>
        @for (row of rows; track row) {
          <span class="bar"></span>
        }
      </div>
    } @else {
      <div class="state">
        <e-icon [name]="icon()" />
        @if (heading()) {
          <h2>{{ heading() }}</h2>
        }
        <p class="muted"><ng-content /></p>
        <ng-content select="[action]" />
      </div>
    }
  `,
  styles: `
    .state {
      display: grid;
      justify-items: center;
      gap: 0.9rem;
      max-width: 32rem;
      margin: clamp(2rem, 8vh, 6rem) auto;
      padding: 1rem;
      text-align: center;

      > e-icon {
        font-size: 2rem;
        color: var(--accent);
      }
    }

    .bars {
      display: grid;
      gap: 0.75rem;
    }

    .bar {
      height: 3.5rem;
      border-radius: var(--radius-small);
      background: var(--sunken);
      animation: breathe 1.4s ease-in-out infinite alternate;
    }

    @keyframes breathe {
      to {
        opacity: 0.45;
      }
    }
  `,
})
export class PageState {
  readonly problem = input<Problem | null>(null);
  readonly loading = input(false);
  readonly icon = input<IconName>('note');
  readonly heading = input('');
  readonly retry = output();
  protected readonly rows = [1, 2, 3, 4, 5];
  protected readonly t = injectTexts(commonTexts);
  private readonly errorMessages = inject(ErrorMessages);
  protected readonly message = computed(() => this.errorMessages.of(this.problem()));
}
