import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { composeTexts } from './compose-texts';
import { Model } from './draft';
import { ModelSample } from './model-sample';
import { manifestLabel } from '../core/text/manifest-labels';

/** Chooses one of the models. */
@Component({
  selector: 'e-model-cards',
  imports: [Icon, ModelSample],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <fieldset>
      <legend>{{ t('model') }}</legend>
      <div class="cards">
        @for (model of models(); track model.name) {
          <div class="card" [class.has-sample]="model.sample_url">
            <label>
              <input
                class="visually-hidden"
                type="radio"
                name="model"
                [value]="model.name"
                [checked]="model.name === selected()"
                (change)="modelChange.emit(model.name)"
              />
              <span class="text">
                <strong>{{ label(model.title) }}</strong>
                <span class="muted">{{ label(model.description) }}</span>
              </span>
            </label>
            @if (model.sample_url) {
              <!-- Loaded when it comes into view: most visitors see the first cards only. -->
              @defer (on viewport) {
                <e-model-sample
                  [model]="model"
                  [name]="label(model.title)"
                  [style]="model.name === selected() ? style() : ''"
                />
              } @placeholder {
                <div class="sample"></div>
              }
            }
            <button
              type="button"
              class="button small quiet about"
              [attr.aria-label]="t('aboutModel', { model: label(model.title) })"
              (click)="showCard(model)"
            >
              <e-icon name="info" />{{ t('modelCard') }}
            </button>
          </div>
        }
      </div>
    </fieldset>
  `,
  styleUrl: './model-cards.scss',
})
export class ModelCards {
  readonly models = input.required<readonly Model[]>();
  readonly selected = input.required<string>();
  /** The style that is chosen for the selected model. */
  readonly style = input('');
  readonly modelChange = output<string>();
  protected readonly t = injectTexts(composeTexts);
  private readonly dialogs = inject(Dialogs);
  private readonly language = inject(Language);

  protected showCard(model: Model): void {
    const load = () => import('../shared/model-card/model-card-dialog').then((m) => m.ModelCardDialog);
    void this.dialogs.open(load, `${model.name}@${model.version}`);
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }
}
