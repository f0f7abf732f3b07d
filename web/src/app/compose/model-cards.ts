import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { composeTexts } from './compose-texts';
import { Model } from './draft';
import { parameterWord } from './parameter-words';

/** The models that can compose here, one of which is chosen. */
@Component({
  selector: 'e-model-cards',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <fieldset>
      <legend>{{ t('model') }}</legend>
      <div class="cards">
        @for (model of models(); track model.name) {
          <label class="card">
            <input
              class="visually-hidden"
              type="radio"
              name="model"
              [value]="model.name"
              [checked]="model.name === chosen()"
              (change)="choose.emit(model.name)"
            />
            <span class="mark" aria-hidden="true">
              @for (bar of bars(model.name); track $index) {
                <i [style.height.%]="bar"></i>
              }
            </span>
            <span class="words">
              <strong>{{ word(model.title) }}</strong>
              <span class="muted">{{ word(model.description) }}</span>
              <span class="tag">{{ model.name }} {{ model.version }}</span>
            </span>
          </label>
        }
      </div>
    </fieldset>
  `,
  styleUrl: './model-cards.scss',
})
export class ModelCards {
  readonly models = input.required<readonly Model[]>();
  readonly chosen = input.required<string>();
  readonly choose = output<string>();
  protected readonly t = injectTexts(composeTexts);
  private readonly language = inject(Language);

  protected word(text: string): string {
    return parameterWord(text, this.language.code());
  }

  /** A small figure by which a model is known again, from its name. */
  protected bars(name: string): number[] {
    let hash = 7;
    for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
    return [0, 1, 2, 3, 4].map((bar) => 25 + ((hash >>> (bar * 5)) & 31) * 2.4);
  }
}
