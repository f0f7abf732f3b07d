import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Song } from '../shared/songs/song-list';
import { libraryTexts } from './library-texts';

/** The piece that a piece was made from, and those that were made from it. Empty without either. */
@Component({
  selector: 'e-lineage',
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (lineage(); as lineage) {
      @if (lineage.source || lineage.derived.length) {
        <section class="panel" [attr.aria-label]="t('lineage')">
          @if (lineage.source; as source) {
            <h2>{{ t('derivedFrom') }}</h2>
            <ul>
              <li>
                <a [routerLink]="['/library/songs', source.id]">{{ source.title }}</a>
                <span class="muted">{{ format.author(source.author) }}</span>
              </li>
            </ul>
          }
          @if (lineage.derived.length) {
            <h2>{{ t('derived') }}</h2>
            <ul>
              @for (song of lineage.derived; track song.id) {
                <li>
                  <a [routerLink]="['/library/songs', song.id]">{{ song.title }}</a>
                  <span class="muted">{{ format.author(song.author) }}</span>
                </li>
              }
            </ul>
          }
        </section>
      }
    }
  `,
  styles: `
    .panel {
      display: grid;
      gap: 0.5rem;
      margin-top: 1rem;
      padding: 1.1rem 1.25rem;
    }

    ul {
      list-style: none;
      padding: 0;
      margin: 0;
    }

    li {
      display: flex;
      flex-wrap: wrap;
      gap: 0.2rem 0.8rem;
      padding: 0.3rem 0;
      overflow-wrap: anywhere;
    }
  `,
})
export class Lineage {
  readonly song = input.required<Song>();
  protected readonly t = injectTexts(libraryTexts);
  protected readonly format = inject(Format);
  protected readonly lineage = signal<Schema<'LineageAnswer'> | null>(null);
  private readonly api = inject(Api);

  constructor() {
    const id = computed(() => this.song().id);
    effect(() => {
      const song_id = id();
      untracked(() => void this.load(song_id));
    });
  }

  private async load(song_id: string): Promise<void> {
    this.lineage.set(null);
    try {
      this.lineage.set(await this.api.get('/api/v1/songs/{song_id}/lineage', { path: { song_id } }));
    } catch {
      // The page of the song reports problems; without the lineage it is complete.
    }
  }
}
