import { ChangeDetectionStrategy, Component, inject, output, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { ErrorMessages } from '../core/text/error-messages';
import { Language } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';
import { injectTexts } from '../core/text/texts';
import { wordsTexts } from './words-texts';

/** Fills the form from a description in words, and shows what was understood. */
@Component({
  selector: 'e-words-field',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="field">
      <label for="words">{{ t('label') }}</label>
      <div class="line">
        <input
          #words
          id="words"
          class="input"
          maxlength="500"
          autocomplete="off"
          [placeholder]="t('example')"
          (keydown.enter)="$event.preventDefault(); interpret(words.value)"
        />
        <button type="button" class="button" [disabled]="request.isPending()" (click)="interpret(words.value)">
          {{ t('fill') }}
        </button>
      </div>
      <div role="status">
        @if (request.problem(); as problem) {
          <span class="error">{{ errorMessages.of(problem) }}</span>
        } @else if (found(); as found) {
          @if (found.applied.length) {
            <ul>
              @for (part of found.applied; track $index) {
                <li class="tag" [title]="settings(part.fields)">{{ part.text }}</li>
              }
            </ul>
          }
          @if (found.unsupported.length) {
            <p>{{ t('unsupported', { words: found.unsupported.join(', ') }) }}</p>
          }
          @if (found.unknown.length) {
            <p>{{ t('unknown', { words: found.unknown.join(', ') }) }}</p>
          }
        }
      </div>
    </div>
  `,
  styles: `
    .line {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: 0.5rem;
    }

    ul {
      display: flex;
      flex-wrap: wrap;
      gap: 0.3rem;
      list-style: none;
    }

    .tag {
      background: var(--accent-soft);
      color: var(--accent-strong);
    }

    p {
      color: var(--muted);
      font-size: 0.875rem;
    }
  `,
})
export class WordsField {
  readonly understood = output<Schema<'InterpretationView'>>();
  protected readonly t = injectTexts(wordsTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly found = signal<Schema<'InterpretationView'> | null>(null);
  private readonly api = inject(Api);
  private readonly language = inject(Language);

  protected async interpret(text: string): Promise<void> {
    if (!text.trim()) return;
    await this.request.run(async () => {
      const found = await this.api.post('/api/v1/models/interpretations', { as: 'none', json: { text } });
      this.found.set(found);
      this.understood.emit(found);
    });
  }

  protected settings(fields: Readonly<Record<string, unknown>>): string {
    const label = (text: unknown) => manifestLabel(String(text), this.language.code());
    return Object.entries(fields)
      .map(([name, value]) => `${label(name)}: ${label(value)}`)
      .join(', ');
  }
}
