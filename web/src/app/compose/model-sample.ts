import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Api } from '../core/api/api';
import { Player } from '../core/player/player';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { RollNote } from '../shared/midi/notes';
import { readMidi } from '../shared/midi/read-midi';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { composeTexts } from './compose-texts';
import { Model } from './draft';

/** What a model sounds like: a short piece that comes with it, seen small and heard on demand. */
@Component({
  selector: 'e-model-sample',
  imports: [Icon, PianoRoll],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <e-piano-roll aria-hidden="true" [notes]="notes()" [clock]="clock()" />
    <button
      type="button"
      class="icon-button"
      [attr.aria-label]="t(playing() ? 'pauseSample' : 'playSample', { model: name() })"
      [title]="t(playing() ? 'pauseSample' : 'playSample', { model: name() })"
      [attr.aria-disabled]="(current() && player.state() === 'loading') || null"
      (click)="toggle()"
    >
      <e-icon [name]="playing() ? 'pause' : 'play'" [solid]="!playing()" />
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
  /** The model's title in the listener's language. */
  readonly name = input.required<string>();
  protected readonly player = inject(Player);
  protected readonly t = injectTexts(composeTexts);
  protected readonly notes = signal<readonly RollNote[]>([]);
  private readonly api = inject(Api);
  private midi: ArrayBuffer | null = null;

  private readonly id = computed(() => `sample of ${this.model().name}`);
  protected readonly current = computed(() => this.player.isCurrent(this.id()));
  protected readonly playing = computed(() => this.current() && this.player.isPlaying());
  protected readonly clock = computed(() => (this.current() ? () => this.player.exactPosition() : null));

  constructor() {
    effect(() => {
      const url = this.model().sample_url;
      if (url) untracked(() => void this.read(url));
    });
  }

  protected toggle(): void {
    const title = this.t('sampleTitle', { model: this.name() });
    void this.player.toggle({ id: this.id(), title, load: (signal) => this.convert(signal) });
  }

  private async read(url: string): Promise<void> {
    try {
      this.midi = await (await this.api.fetch(url, {}, 'none')).arrayBuffer();
      this.notes.set(readMidi(this.midi));
    } catch {
      // A card without a picture is a card still; playing tells what is wrong.
    }
  }

  private async convert(signal: AbortSignal): Promise<Blob> {
    if (!this.midi) await this.read(this.model().sample_url ?? '');
    const body = new FormData();
    body.set('file', new File([this.midi ?? new ArrayBuffer(0)], 'sample.mid', { type: 'audio/midi' }));
    body.set('format', 'mp3');
    return (await this.api.fetch('/api/v1/conversions', { method: 'POST', body, signal }, 'none')).blob();
  }
}
