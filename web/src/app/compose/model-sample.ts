import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Api } from '../core/api/api';
import { Playback } from '../core/player/player';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { RollNote } from '../shared/midi/notes';
import { readMidi } from '../shared/midi/read-midi';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { composeTexts } from './compose-texts';
import { Model } from './draft';

/** The sample of a model: a small piano roll and a button to play it. */
@Component({
  selector: 'e-model-sample',
  imports: [Icon, PianoRoll],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <e-piano-roll aria-hidden="true" [notes]="notes()" [playback]="playback" [seekable]="false" />
    <button
      type="button"
      class="icon-button"
      [attr.aria-label]="t(playback.isPlaying() ? 'pauseSample' : 'playSample', { model: name() })"
      [title]="t(playback.isPlaying() ? 'pauseSample' : 'playSample', { model: name() })"
      [attr.aria-busy]="playback.isLoading() || null"
      (click)="playback.toggle()"
    >
      <e-icon [name]="playback.isPlaying() ? 'pause' : 'play'" [solid]="!playback.isPlaying()" />
    </button>
  `,
  styles: `
    :host {
      position: relative;
      display: block;
    }

    e-piano-roll {
      height: 84px;
      border-radius: 9px;
    }

    .icon-button {
      position: absolute;
      inset: auto 5px 5px auto;
      width: 34px;
      height: 34px;
      background: var(--surface);
      color: var(--accent);
      box-shadow: 0 0 0 1px var(--line-strong);

      &:hover:not(:disabled, [aria-disabled]) {
        background: var(--accent-soft);
      }
    }
  `,
})
export class ModelSample {
  readonly model = input.required<Model>();
  /** The model's title in the user's language. */
  readonly name = input.required<string>();
  /** The chosen style: where the model has a sample of it, or of its kind, that one is played. */
  readonly style = input('');
  protected readonly t = injectTexts(composeTexts);
  protected readonly notes = signal<readonly RollNote[]>([]);
  private readonly api = inject(Api);
  private midi: { readonly url: string; readonly content: ArrayBuffer } | null = null;
  private readonly url = computed(() => {
    const { sample_url: url, sample_styles: styles = [] } = this.model();
    const style = styles.find((one) => `${this.style()}/`.startsWith(`${one}/`));
    return url && style ? `${url}?style=${encodeURIComponent(style)}` : (url ?? '');
  });

  protected readonly playback = new Playback(
    computed(() => ({
      id: `sample ${this.url()}`,
      title: this.t('sampleTitle', { model: this.name() }),
      midi: () => this.sampleMidi(),
      load: (signal: AbortSignal) => this.renderSample(signal),
    })),
  );

  constructor() {
    effect(() => {
      const url = this.url();
      if (url) untracked(() => void this.readSample(url));
    });
  }

  private async readSample(url: string): Promise<void> {
    try {
      const content = await (await this.api.fetch(url, {}, 'none')).arrayBuffer();
      // Another style may have been chosen in the meantime.
      if (url !== this.url()) return;
      this.midi = { url, content };
      this.notes.set(readMidi(content));
    } catch {
      // The card works without the piano roll; playing the sample reports the error.
    }
  }

  private async sampleMidi(): Promise<ArrayBuffer> {
    if (this.midi?.url !== this.url()) await this.readSample(this.url());
    return this.midi?.content ?? new ArrayBuffer(0);
  }

  private async renderSample(signal: AbortSignal): Promise<Response> {
    const body = new FormData();
    body.set('file', new File([await this.sampleMidi()], 'sample.mid', { type: 'audio/midi' }));
    body.set('format', 'mp3');
    return this.api.fetch('/api/v1/conversions', { method: 'POST', body, signal }, 'none');
  }
}
