import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { composeTexts } from './compose-texts';
import { randomSeed, isInvalidSeed } from './draft';

/** A seed, entered or random; the content of the element is shown next to it. */
@Component({
  selector: 'e-seed-field',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="side-by-side">
      <div class="field">
        <label for="seed">{{ t('seed') }}</label>
        <div class="with-button">
          <input
            id="seed"
            class="input tabular"
            inputmode="numeric"
            autocomplete="off"
            [value]="seed()"
            [attr.aria-invalid]="!!invalid()"
            aria-describedby="seed-note"
            (input)="seedChange.emit($any($event.target).value)"
          />
          <button
            type="button"
            class="icon-button"
            [attr.aria-label]="t('randomSeed')"
            [title]="t('randomSeed')"
            (click)="seedChange.emit(randomSeed())"
          >
            <e-icon name="dice" />
          </button>
        </div>
      </div>
      <ng-content />
    </div>
    @if (canKeep()) {
      <label class="keep">
        <input type="checkbox" [checked]="keep()" (change)="keepChange.emit($any($event.target).checked)" />
        {{ t('keepSeed') }}
      </label>
    }
    <span id="seed-note" [class.error]="invalid()">{{ invalid() ?? t(canKeep() ? 'seedHintNew' : 'seedHint') }}</span>
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.35rem;
    }

    .side-by-side {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      grid-auto-columns: 7rem;
      grid-auto-flow: column;
      gap: 0.9rem;
    }

    .with-button {
      position: relative;

      .input {
        padding-right: 3rem;
      }

      .icon-button {
        position: absolute;
        inset: 0 0 auto auto;
        color: var(--accent);
      }
    }

    .keep {
      display: flex;
      gap: 0.5rem;
      align-items: center;
      min-height: 32px;

      input {
        width: 20px;
        height: 20px;
      }
    }

    #seed-note {
      color: var(--muted);
      font-size: 0.875rem;

      &.error {
        color: var(--danger);
        font-weight: 500;
      }
    }
  `,
})
export class SeedField {
  readonly seed = input.required<string>();
  /** The error of the API. */
  readonly error = input<string | null>(null);
  /** Whether each piece gets a new seed unless the user keeps it. */
  readonly canKeep = input(false);
  /** Whether the seed stays for the next piece. */
  readonly keep = input(false);
  readonly seedChange = output<string>();
  readonly keepChange = output<boolean>();
  protected readonly t = injectTexts(composeTexts);
  protected readonly randomSeed = randomSeed;
  protected readonly invalid = computed(() => (isInvalidSeed(this.seed()) ? this.t('seedInvalid') : this.error()));
}
