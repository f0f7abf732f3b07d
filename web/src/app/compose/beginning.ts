import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { Notices } from '../core/notices/notices';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { beginningTexts } from './beginning-texts';
import { Beginning } from './draft';

/** What Base64 makes of it, the API takes. */
const MOST_BYTES = 500_000;

/** What a melody model goes on from or accompanies: a song, or a MIDI file of the listener's. */
@Component({
  selector: 'e-beginning',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <fieldset tabindex="-1">
      <legend>{{ t('title') }}</legend>
      @if (beginning(); as beginning) {
        <p class="what">
          <e-icon name="note" /><strong>{{ beginning.title }}</strong>
          <button type="button" class="icon-button" [attr.aria-label]="t('drop')" [title]="t('drop')" (click)="drop()">
            <e-icon name="close" />
          </button>
        </p>
        <div class="chips" role="group" [attr.aria-label]="t('what')">
          <button type="button" class="chip" [attr.aria-pressed]="!only()" (click)="use(beginning, false)">
            {{ t('continue') }}
          </button>
          @if (accompanies()) {
            <button type="button" class="chip" [attr.aria-pressed]="only()" (click)="use(beginning, true)">
              {{ t('accompany') }}
            </button>
          }
        </div>
        <div class="field">
          <label for="beginning-bars">{{ t('bars') }}</label>
          <select id="beginning-bars" class="input" (change)="limit($any($event.target).value)">
            <option value="">{{ t('allThatFit') }}</option>
            @for (count of counts; track count) {
              <option [value]="count" [selected]="beginning.bars === count">{{ t('firstBars', { n: count }) }}</option>
            }
          </select>
        </div>
        <span class="hint">{{ t(only() ? 'accompanyAdvice' : 'continueAdvice') }}</span>
      } @else {
        <label class="button small">
          <e-icon name="upload" />{{ t('choose') }}
          <input
            class="visually-hidden"
            type="file"
            accept=".mid,.midi,audio/midi"
            (change)="read($any($event.target))"
          />
        </label>
        <span class="hint">{{ t('advice') }}</span>
      }
      @if (error(); as error) {
        <span class="error" role="alert">{{ error }}</span>
      }
    </fieldset>
  `,
  styles: `
    fieldset {
      display: grid;
      gap: 0.6rem;
      justify-items: start;
      outline: none;
      scroll-margin: 5rem;
    }

    legend {
      margin-bottom: 0.5rem;
      padding: 0;
      font-weight: 600;
      font-size: 0.95rem;
    }

    .what {
      display: flex;
      align-items: center;
      gap: 0.6rem;
      width: 100%;
      padding: 0.15rem 0.15rem 0.15rem 0.85rem;
      border-radius: var(--radius-small);
      background: var(--accent-soft);

      e-icon {
        color: var(--accent);
      }

      strong {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
      }
    }

    .field {
      width: 100%;
    }

    .button:has(:focus-visible) {
      outline: 2.5px solid var(--accent);
      outline-offset: 2px;
    }

    .hint {
      color: var(--muted);
      font-size: 0.875rem;
    }

    .error {
      color: var(--danger);
      font-size: 0.9rem;
      font-weight: 500;
    }
  `,
})
export class BeginningControl {
  readonly beginning = input.required<Beginning | null>();
  /** Whether it is accompanied, and not continued; and whether that can be chosen. */
  readonly only = input(false);
  readonly accompanies = input(false);
  readonly error = input<string | null>(null);
  readonly begin = output<{ beginning: Beginning | null; only: boolean }>();
  protected readonly t = injectTexts(beginningTexts);
  protected readonly counts = [1, 2, 4, 8];
  private readonly notices = inject(Notices);

  protected use(beginning: Beginning, only: boolean): void {
    this.begin.emit({ beginning, only });
  }

  protected drop(): void {
    this.begin.emit({ beginning: null, only: false });
  }

  protected limit(bars: string): void {
    const beginning = this.beginning();
    if (!beginning) return;
    this.begin.emit({ beginning: { ...beginning, bars: bars ? Number(bars) : null }, only: this.only() });
  }

  protected async read(chooser: HTMLInputElement): Promise<void> {
    const file = chooser.files?.[0];
    chooser.value = '';
    if (!file) return;
    if (file.size > MOST_BYTES) {
      this.notices.show(this.t('tooLarge'), { kind: 'problem' });
      return;
    }
    const midi = new Uint8Array(await file.arrayBuffer());
    this.begin.emit({ beginning: { title: file.name, midi, bars: null }, only: this.only() });
  }
}
