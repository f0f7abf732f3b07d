import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { usageTexts } from './usage-texts';

interface Quota {
  readonly label: string;
  readonly used: string;
  readonly note: string;
  /** The used part of the limit, 0 to 1. */
  readonly share: number;
}

/** The user's quotas: pieces in the library and their size, pieces composed today, and rendered audio. */
@Component({
  selector: 'e-usage-section',
  imports: [PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrls: ['./account-section.scss', './usage-section.scss'],
  template: `
    <h2>{{ t('usage') }}</h2>
    @if (request.problem(); as problem) {
      <e-page-state [problem]="problem" (retry)="load()" />
    } @else {
      <dl>
        @for (quota of quotas(); track quota.label) {
          <div>
            <dt>{{ quota.label }}</dt>
            <dd>{{ quota.used }}</dd>
            <dd class="bar" aria-hidden="true"><span [style.width.%]="quota.share * 100"></span></dd>
            <dd class="muted">{{ quota.note }}</dd>
          </div>
        }
      </dl>
    }
  `,
})
export class UsageSection {
  protected readonly t = injectTexts(usageTexts);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly format = inject(Format);
  private readonly library = signal<Schema<'StorageUsageAnswer'> | null>(null);
  private readonly pieces = signal<Schema<'PiecesUsageView'> | null>(null);
  private readonly audio = signal<Schema<'AudioUsageAnswer'> | null>(null);

  protected readonly quotas = computed<Quota[]>(() => {
    const [library, pieces, audio] = [this.library(), this.pieces(), this.audio()];
    const quotas: Quota[] = [];
    if (pieces?.max_pieces) {
      const note = this.t('piecesNote', { time: this.format.dateTime(pieces.resets_at) });
      quotas.push(this.quota('pieces', pieces.pieces ?? 0, pieces.max_pieces, this.number, note));
    }
    if (library) {
      quotas.push(this.quota('songs', library.songs, library.max_songs, this.number, this.t('songsNote')));
      quotas.push(this.quota('storage', library.size_bytes, library.max_size_bytes, this.size, this.t('storageNote')));
    }
    if (audio) {
      const note = this.t('audioNote', { n: audio.max_renders });
      quotas.push(this.quota('audio', audio.size_bytes, audio.max_size_bytes, this.size, note));
    }
    return quotas;
  });

  constructor() {
    void this.load();
  }

  protected async load(): Promise<void> {
    await this.request.run(() =>
      Promise.all([
        this.api.get('/api/v1/library/usage').then((usage) => this.library.set(usage)),
        this.api.get('/api/v1/generations/usage').then((usage) => this.pieces.set(usage)),
        this.api.get('/api/v1/audio/usage').then((usage) => this.audio.set(usage)),
      ]),
    );
  }

  private readonly number = (value: number): string => this.format.number(value);
  private readonly size = (value: number): string => this.format.size(value);

  private quota(
    label: 'pieces' | 'songs' | 'storage' | 'audio',
    used: number,
    limit: number,
    format: (value: number) => string,
    note: string,
  ): Quota {
    const text = this.t('used', { used: format(used), limit: format(limit) });
    return { label: this.t(label), used: text, note, share: Math.min(1, used / limit) };
  }
}
