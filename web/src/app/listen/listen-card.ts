import { ChangeDetectionStrategy, Component, computed, effect, inject, input, output } from '@angular/core';
import { Api } from '../core/api/api';
import { Schema } from '../core/api/types';
import { Playback } from '../core/player/player';
import { injectTexts } from '../core/text/texts';
import { PlayButton } from '../shared/play-button';
import { listenTexts } from './listen-texts';

export type Pair = Schema<'PairView'>;
export type Side = 'a' | 'b';

/** One piece of a pair: the button to play it and, after the answer, where it comes from. */
@Component({
  selector: 'e-listen-card',
  imports: [PlayButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <article class="panel" [class.person]="isPerson()" [attr.aria-label]="name()">
      <div class="head">
        <h2>{{ name() }}</h2>
        <e-play-button appearance="filled" [playback]="playback" [title]="name()" />
      </div>
      <progress aria-hidden="true" [max]="pair().duration_seconds" [value]="playback.position()"></progress>
      @if (pair().reveal; as reveal) {
        @if (isPerson()) {
          <p class="who">{{ t('byPerson') }}</p>
          <p>
            {{ reveal.source.composer }}<br /><cite>{{ reveal.source.title }}</cite>
          </p>
          <p class="muted">
            <a [href]="reveal.source.url" target="_blank" rel="noreferrer">{{
              t('source', { collection: reveal.source.collection, licence: reveal.source.licence })
            }}</a>
          </p>
        } @else {
          <p class="who">{{ t('byMachine') }}</p>
          <p class="muted">
            {{ t('model', { model: reveal.model, version: reveal.model_version, seed: reveal.seed }) }}
          </p>
        }
      }
    </article>
  `,
  styles: `
    :host {
      display: grid;
    }

    article {
      display: grid;
      gap: 0.6rem;
      align-content: start;
      padding: 1rem 1.25rem;

      &.person {
        border-color: var(--accent);
      }
    }

    .head {
      display: flex;
      align-items: center;
      justify-content: space-between;
    }

    progress {
      width: 100%;
      height: 6px;
    }

    .who {
      font-weight: 600;
    }
  `,
})
export class ListenCard {
  readonly pair = input.required<Pair>();
  readonly side = input.required<Side>();
  readonly played = output();
  protected readonly t = injectTexts(listenTexts);
  private readonly api = inject(Api);

  protected readonly name = computed(() => this.t('piece', { name: this.side().toUpperCase() }));
  protected readonly isPerson = computed(() => this.pair().reveal?.person === this.side());
  private readonly url = computed(() => (this.side() === 'a' ? this.pair().a_url : this.pair().b_url));
  protected readonly playback = new Playback(
    computed(() => ({
      id: this.url(),
      title: this.name(),
      durationSeconds: this.pair().duration_seconds,
      midi: () => this.midi(),
      load: (signal: AbortSignal) => this.render(signal),
    })),
  );

  constructor() {
    effect(() => {
      if (this.playback.isPlaying()) this.played.emit();
    });
  }

  private async midi(): Promise<ArrayBuffer> {
    return (await this.api.fetch(this.url(), {}, 'none')).arrayBuffer();
  }

  private async render(signal: AbortSignal): Promise<Response> {
    const body = new FormData();
    body.set('file', new File([await this.midi()], 'piece.mid', { type: 'audio/midi' }));
    body.set('format', 'mp3');
    return this.api.fetch('/api/v1/conversions', { method: 'POST', body, signal }, 'none');
  }
}
