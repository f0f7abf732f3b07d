import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Composer } from '../compose/composer';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from './dialogs';
import { rightsTexts } from './rights-texts';

/** Says what people may do with a piece: the licence and the corpus of its model, and that the project claims nothing. */
@Component({
  selector: 'e-rights',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <details>
      <summary>{{ t('title') }}</summary>
      @if (modelName()) {
        <p>{{ t('use') }}</p>
        @if (model(); as model) {
          <p>{{ t('composed', { model: label(model.title), licence: model.licence ?? '' }) }}</p>
          @if (model.corpus; as corpus) {
            <p>
              {{ t('corpus', { n: corpus.pieces, count: format.number(corpus.pieces), name: corpus.name }) }}
              {{ corpus.source ? t('corpusSource', { source: label(corpus.source) }) : t('corpusUnknown') }}
            </p>
          }
          <button type="button" class="button small" (click)="showCard(model.name)">{{ t('card') }}</button>
        }
      } @else {
        <p>{{ t('imported') }}</p>
      }
    </details>
  `,
  styles: `
    :host {
      display: block;
    }

    details {
      padding: 0.6rem 1rem;
      border: 1px solid var(--line);
      border-radius: 12px;
    }

    summary {
      min-height: 28px;
      font-weight: 600;
      cursor: pointer;
    }

    p {
      margin-top: 0.4rem;
      max-width: 60ch;
    }

    .button {
      margin-block: 0.6rem 0.4rem;
    }
  `,
})
export class Rights {
  /** The name of the model; null for an imported piece. */
  readonly modelName = input.required<string | null>();
  protected readonly t = injectTexts(rightsTexts);
  private readonly composer = inject(Composer);
  private readonly dialogs = inject(Dialogs);
  protected readonly format = inject(Format);
  private readonly language = inject(Language);
  protected readonly model = computed(
    () => this.composer.models()?.find((model) => model.name === this.modelName()) ?? null,
  );

  protected showCard(name: string): void {
    void this.dialogs.open(() => import('./model-card/model-card-dialog').then((m) => m.ModelCardDialog), name);
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }
}
