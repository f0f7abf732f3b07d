import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal } from '@angular/core';
import { Notices } from '../core/notices/notices';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { promptTexts } from './prompt-texts';
import { Prompt, PromptUse } from './draft';
import { PlayIn } from './play-in';
import { playInTexts } from './play-in-texts';

/** The API accepts the Base64 text of a file of this size. */
const MAX_FILE_BYTES = 500_000;

/** Chooses the prompt of a melody model, which continues or accompanies it: a song, or a MIDI file of the user. */
@Component({
  selector: 'e-prompt-control',
  imports: [Icon, PlayIn],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <fieldset tabindex="-1">
      <legend>{{ t('title') }}</legend>
      @if (prompt(); as prompt) {
        <p class="file">
          <e-icon name="note" /><strong>{{ prompt.title }}</strong>
          <button
            type="button"
            class="icon-button"
            [attr.aria-label]="t('remove')"
            [title]="t('remove')"
            (click)="remove()"
          >
            <e-icon name="close" />
          </button>
        </p>
        <div class="chips" role="group" [attr.aria-label]="t('use')">
          <button
            type="button"
            class="chip"
            [attr.aria-pressed]="!accompanyOnly() && !isReplacing()"
            (click)="select(withUse(prompt, 'continue'), false)"
          >
            {{ t('continue') }}
          </button>
          @if (canAccompany()) {
            <button type="button" class="chip" [attr.aria-pressed]="accompanyOnly()" (click)="select(prompt, true)">
              {{ t('accompany') }}
            </button>
          }
          @if (canReplace()) {
            <button
              type="button"
              class="chip"
              [attr.aria-pressed]="isReplacing()"
              (click)="select(withUse(prompt, 'replace'), false)"
            >
              {{ t('replace') }}
            </button>
          }
        </div>
        @if (isReplacing()) {
          <div class="bars">
            <div class="field">
              <label for="first-bar">{{ t('firstBar') }}</label>
              <input
                id="first-bar"
                class="input"
                type="number"
                min="1"
                [value]="prompt.firstBar ?? 1"
                (change)="setBars($any($event.target).valueAsNumber, prompt.lastBar)"
              />
            </div>
            <div class="field">
              <label for="last-bar">{{ t('lastBar') }}</label>
              <input
                id="last-bar"
                class="input"
                type="number"
                min="1"
                [value]="prompt.lastBar ?? prompt.firstBar ?? 1"
                (change)="setBars(prompt.firstBar ?? 1, $any($event.target).valueAsNumber)"
              />
            </div>
          </div>
          <div class="field">
            <label for="replaced-tracks">{{ t('tracks') }}</label>
            <input
              id="replaced-tracks"
              class="input"
              autocomplete="off"
              [placeholder]="t('allTracks')"
              [value]="prompt.tracks?.join(', ') ?? ''"
              (change)="setTracks($any($event.target).value)"
            />
          </div>
        } @else if (!(canReplace() && accompanyOnly())) {
          <div class="field">
            <label for="prompt-bars">{{ t('barCount') }}</label>
            <select id="prompt-bars" class="input" (change)="limitBars($any($event.target).value)">
              <option value="">{{ t('allBars') }}</option>
              @for (count of barCounts; track count) {
                <option [value]="count" [selected]="prompt.bars === count">{{ t('firstBars', { n: count }) }}</option>
              }
            </select>
          </div>
        }
        <span class="hint">{{ t(hint()) }}</span>
      } @else {
        <label class="button small">
          <e-icon name="upload" />{{ t('choose') }}
          <input
            class="visually-hidden"
            type="file"
            accept=".mid,.midi,audio/midi"
            (change)="readFile($any($event.target))"
          />
        </label>
        <button
          type="button"
          class="button small"
          [attr.aria-expanded]="isPlaying()"
          (click)="isPlaying.set(!isPlaying())"
        >
          <e-icon name="note" />{{ playInText('start') }}
        </button>
        @defer (when isPlaying()) {
          @if (isPlaying()) {
            <e-play-in (recorded)="useRecording($event)" (cancelled)="isPlaying.set(false)" />
          }
        }
        <span class="hint">{{ t('hint') }}</span>
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

    .file {
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

    .bars {
      display: flex;
      gap: 0.6rem;
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
export class PromptControl {
  readonly prompt = input.required<Prompt | null>();
  /** Whether the prompt is accompanied instead of continued. */
  readonly accompanyOnly = input(false);
  /** Whether a model can accompany a prompt, so that the user may choose. */
  readonly canAccompany = input(false);
  /** Whether the model can replace bars, and add any instruments. */
  readonly canReplace = input(false);
  readonly error = input<string | null>(null);
  readonly promptChange = output<{ prompt: Prompt | null; accompanyOnly: boolean }>();
  protected readonly t = injectTexts(promptTexts);
  protected readonly barCounts = [1, 2, 4, 8];
  protected readonly isReplacing = computed(() => this.canReplace() && this.prompt()?.use === 'replace');
  protected readonly hint = computed(() => {
    if (this.isReplacing()) return 'replaceHint';
    if (!this.accompanyOnly()) return 'continueHint';
    return this.canReplace() ? 'addHint' : 'accompanyHint';
  });
  protected readonly playInText = injectTexts(playInTexts);
  /** Whether the user is playing a beginning. */
  protected readonly isPlaying = signal(false);
  private readonly notices = inject(Notices);

  protected select(prompt: Prompt, accompanyOnly: boolean): void {
    this.promptChange.emit({ prompt, accompanyOnly });
  }

  protected withUse(prompt: Prompt, use: PromptUse): Prompt {
    return this.canReplace() ? { ...prompt, use } : prompt;
  }

  protected setBars(first: number, last: number | undefined): void {
    const prompt = this.prompt();
    if (!prompt) return;
    const firstBar = Math.max(1, Math.round(first) || 1);
    const lastBar = Math.max(firstBar, Math.round(last ?? firstBar) || firstBar);
    this.select({ ...prompt, firstBar, lastBar }, false);
  }

  protected setTracks(text: string): void {
    const prompt = this.prompt();
    const tracks = (text.match(/\d+/g) ?? []).map(Number).filter((number) => number > 0);
    if (prompt) this.select({ ...prompt, tracks }, false);
  }

  protected useRecording({ title, midi }: { title: string; midi: Uint8Array }): void {
    this.isPlaying.set(false);
    this.promptChange.emit({ prompt: { title, midi, bars: null }, accompanyOnly: this.accompanyOnly() });
  }

  protected remove(): void {
    this.promptChange.emit({ prompt: null, accompanyOnly: false });
  }

  protected limitBars(bars: string): void {
    const prompt = this.prompt();
    if (!prompt) return;
    this.promptChange.emit({
      prompt: { ...prompt, bars: bars ? Number(bars) : null },
      accompanyOnly: this.accompanyOnly(),
    });
  }

  protected async readFile(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) {
      this.notices.show(this.t('tooLarge'), { kind: 'problem' });
      return;
    }
    const midi = new Uint8Array(await file.arrayBuffer());
    this.promptChange.emit({ prompt: { title: file.name, midi, bars: null }, accompanyOnly: this.accompanyOnly() });
  }
}
