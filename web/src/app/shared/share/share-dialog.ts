import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule } from '@angular/material/dialog';
import { RouterLink } from '@angular/router';
import { Api } from '../../core/api/api';
import { RequestState } from '../../core/api/request-state';
import type { Schema } from '../../core/api/types';
import { Session } from '../../core/session/session';
import { commonTexts } from '../../core/text/common-texts';
import { Format } from '../../core/text/format';
import { ErrorMessages } from '../../core/text/error-messages';
import { injectTexts } from '../../core/text/texts';
import { Icon } from '../icon';
import { shareTexts } from './share-texts';

type Share = Schema<'ShareAnswer'>;

/** Creates, lists and revokes share links, which play a song without an account. */
@Component({
  imports: [Icon, MatDialogModule, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './share-dialog.html',
  styleUrl: './share-dialog.scss',
})
export class ShareDialog {
  protected readonly song = inject<{ id: string; title: string }>(MAT_DIALOG_DATA);
  protected readonly t = injectTexts(shareTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly periods = [
    { days: 7, key: 'week' },
    { days: 30, key: 'month' },
    { days: 365, key: 'year' },
    { days: null, key: 'forever' },
  ] as const;
  protected readonly days = signal<number | null>(30);
  protected readonly allowDownload = signal(true);
  protected readonly link = signal<string | null>(null);
  protected readonly copied = signal(false);
  protected readonly shares = signal<readonly Share[]>([]);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  /** Phones offer their own list of apps to send a link with. */
  protected readonly canShare = 'share' in navigator;

  constructor() {
    void this.request.run(() => this.loadShares());
  }

  protected period(share: Share): string {
    const created = this.t('createdOn', { date: this.format.date(share.created_at) });
    return share.expires_at ? `${created}, ${this.t('until', { date: this.format.date(share.expires_at) })}` : created;
  }

  protected setPeriod(index: number): void {
    this.days.set(this.periods[index]?.days ?? null);
  }

  protected async create(): Promise<void> {
    await this.request.run(async () => {
      const share = await this.api.post('/api/v1/songs/{song_id}/shares', {
        path: { song_id: this.song.id },
        json: { days: this.days(), allow_download: this.allowDownload(), label: '' },
      });
      this.link.set(`${location.origin}/s/${share.token}`);
      await this.copy();
      await this.loadShares();
    });
  }

  protected async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link() ?? '');
      this.copied.set(true);
    } catch {
      // The clipboard is unavailable or denied: the user can select and copy the link.
      this.copied.set(false);
    }
  }

  protected async revoke(share: Share): Promise<void> {
    await this.request.run(async () => {
      const path = { song_id: this.song.id, share_id: share.id };
      await this.api.delete('/api/v1/songs/{song_id}/shares/{share_id}', { path });
      this.link.set(null);
      await this.loadShares();
    });
  }

  protected async shareNatively(): Promise<void> {
    // The user may cancel.
    await navigator.share({ title: this.song.title, url: this.link() ?? '' }).catch(() => undefined);
  }

  private async loadShares(): Promise<void> {
    const path = { song_id: this.song.id };
    this.shares.set((await this.api.get('/api/v1/songs/{song_id}/shares', { path })).items);
  }
}
