import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { familyName } from '../core/player/track-names';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { ChoiceListControl } from './choice-list-control';
import { Parameter, Value } from './draft';
import { loadComposerNames, manifestLabel, styleLabel } from '../core/text/manifest-labels';

const PROGRAMS = 128;
const FAMILY_SIZE = 8;

/** The form control for a parameter of a model. */
@Component({
  selector: 'e-parameter-control',
  imports: [ChoiceListControl],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let parameter = this.parameter();
    @let id = 'parameter-' + parameter.name;
    <div class="field">
      @if (parameter.kind === 'boolean') {
        <label class="check">
          <input
            type="checkbox"
            [checked]="value() === true"
            [attr.aria-describedby]="id + '-note'"
            (change)="valueChange.emit($any($event.target).checked)"
          />
          {{ label(parameter.label) }}
        </label>
      } @else {
        <label [for]="id">
          {{ label(parameter.label) }}
          @if (parameter.kind !== 'choice') {
            <output class="tabular" [for]="id">{{
              isAutomatic() ? label('automatic') : (valueLabel() ?? valueText())
            }}</output>
          }
        </label>
        @if ((parameter.max_choices ?? 1) > 1) {
          <e-choice-list-control
            [parameter]="parameter"
            [value]="'' + value()"
            [controlId]="id"
            (valueChange)="valueChange.emit($event)"
          />
        } @else if (parameter.custom) {
          <input
            class="input"
            autocomplete="off"
            maxlength="4000"
            [id]="id"
            [attr.list]="id + '-list'"
            [attr.aria-describedby]="id + '-note'"
            [attr.aria-invalid]="!!error()"
            [placeholder]="label('' + parameter.default)"
            [value]="value() === parameter.default ? '' : value()"
            (change)="valueChange.emit($any($event.target).value.trim() || parameter.default)"
          />
          <datalist [id]="id + '-list'">
            @for (choice of parameter.choices; track choice) {
              @if (choice !== parameter.default) {
                <option [value]="choice"></option>
              }
            }
          </datalist>
        } @else if (parameter.kind === 'choice') {
          <select
            class="input"
            [id]="id"
            [attr.aria-describedby]="id + '-note'"
            (focus)="loadNames()"
            (change)="valueChange.emit($any($event.target).value)"
          >
            @for (family of families(); track family.name) {
              <optgroup [label]="family.name">
                @for (choice of family.choices; track choice) {
                  <option [value]="choice" [selected]="choice === value()">{{ choiceLabel('' + choice) }}</option>
                }
              </optgroup>
            } @empty {
              @for (choice of parameter.choices; track choice) {
                <option [value]="choice" [selected]="choice === value()">{{ choiceLabel('' + choice) }}</option>
              }
            }
          </select>
        } @else {
          <input
            type="range"
            [id]="id"
            [min]="parameter.minimum"
            [max]="parameter.maximum"
            [step]="step()"
            [value]="value()"
            [attr.aria-valuetext]="valueLabel() ?? valueText()"
            [attr.aria-describedby]="id + '-note'"
            (input)="valueChange.emit($any($event.target).valueAsNumber)"
          />
          @if (parameter.optional && !isAutomatic()) {
            <button type="button" class="button small" (click)="valueChange.emit(null)">
              {{ label('automatic') }}
            </button>
          }
        }
      }
      <span class="hint" [id]="id + '-note'">{{ label(parameter.advice ?? '') }}</span>
      @if (error(); as error) {
        <span class="error" role="alert">{{ error }}</span>
      }
    </div>
  `,
  styles: `
    label {
      display: flex;
      justify-content: space-between;
      gap: 0.5rem;
    }

    .check {
      justify-content: flex-start;
      align-items: center;
      min-height: 32px;
    }

    .check input {
      width: 20px;
      height: 20px;
    }

    output {
      color: var(--muted);
      font-weight: 500;
    }

    .hint:empty {
      display: none;
    }
  `,
})
export class ParameterControl {
  readonly parameter = input.required<Parameter>();
  readonly value = input.required<Value>();
  readonly error = input<string | null>(null);
  /** Shown instead of the value. */
  readonly valueLabel = input<string | null>(null);
  /** Whether the value was set; matters for optional parameters only. */
  readonly isSet = input(false);
  /** The new value; null for none, which leaves an optional parameter to the model. */
  readonly valueChange = output<Value | null>();
  private readonly language = inject(Language);
  private readonly format = inject(Format);

  /** The families of the 128 General MIDI instruments; none for other choices. */
  protected readonly families = computed(() => {
    const choices = this.parameter().choices ?? [];
    if (choices.length !== PROGRAMS) return [];
    return Array.from({ length: PROGRAMS / FAMILY_SIZE }, (_, index) => ({
      name: familyName(index * FAMILY_SIZE, this.language.code()),
      choices: choices.slice(index * FAMILY_SIZE, (index + 1) * FAMILY_SIZE),
    }));
  });
  protected readonly step = computed(() => {
    const { kind, minimum, maximum } = this.parameter();
    if (kind === 'int') return 1;
    const range = (maximum ?? 1) - (minimum ?? 0);
    return range > 20 ? 1 : range > 2 ? 0.1 : 0.01;
  });
  protected readonly valueText = computed(() => {
    const value = this.value();
    const number = typeof value === 'number' ? this.format.number(value, 2) : String(value);
    const unit = this.parameter().unit;
    return unit ? `${number} ${manifestLabel(unit, this.language.code()).toLowerCase()}` : number;
  });

  protected readonly isAutomatic = computed(() => !!this.parameter().optional && !this.isSet());

  /** Return the label of a choice; one that is a path is indented below the one before. */
  protected choiceLabel(choice: string): string {
    const depth = choice.split('/').length - 1;
    // 3/4 is a meter, not a path.
    if (!depth || /^\d/.test(choice)) return this.label(choice);
    return '\u2003'.repeat(depth) + styleLabel(choice, this.language.code());
  }

  /** Load what the list of styles needs before it opens. */
  protected loadNames(): void {
    if (this.parameter().name === 'style') void loadComposerNames();
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }
}
