import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { Language } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { composeTexts } from './compose-texts';
import { Parameter, choicesOf } from './draft';

/** The form control for a parameter that combines several of its choices, such as instruments. */
@Component({
  selector: 'e-choice-list-control',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (chosen().length) {
      <div class="chips">
        @for (choice of chosen(); track $index) {
          <button
            type="button"
            class="chip"
            [attr.aria-label]="t('removeChoice', { name: label(choice) })"
            (click)="remove($index)"
          >
            {{ label(choice) }}<e-icon name="close" />
          </button>
        }
      </div>
    }
    <select
      #select
      class="input"
      [id]="controlId()"
      [disabled]="chosen().length >= (parameter().max_choices ?? 1)"
      [attr.aria-describedby]="controlId() + '-note'"
      (change)="add(select.value); select.value = ''"
    >
      <option value="">{{ chosen().length ? t('addChoice') : label('' + parameter().default) }}</option>
      @for (choice of choices(); track choice) {
        <option [value]="choice">{{ label(choice) }}</option>
      }
    </select>
  `,
  styles: `
    .chips {
      margin-bottom: 0.5rem;
    }
  `,
})
export class ChoiceListControl {
  readonly parameter = input.required<Parameter>();
  readonly value = input.required<string>();
  readonly controlId = input.required<string>();
  readonly valueChange = output<string>();
  protected readonly t = injectTexts(composeTexts);
  private readonly language = inject(Language);
  protected readonly chosen = computed(() => choicesOf(this.parameter(), this.value()));
  protected readonly choices = computed(() =>
    (this.parameter().choices ?? []).map(String).filter((choice) => choice !== this.parameter().default),
  );

  protected add(choice: string): void {
    if (choice) this.emit([...this.chosen(), choice]);
  }

  protected remove(index: number): void {
    this.emit(this.chosen().filter((_, place) => place !== index));
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }

  private emit(chosen: readonly string[]): void {
    this.valueChange.emit(chosen.length ? chosen.join(', ') : String(this.parameter().default));
  }
}
