import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { accountTexts } from './account-texts';

/** How much of the user's storage is used, by number of pieces and by size. */
@Component({
  selector: 'e-storage-usage',
  imports: [PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('storage') }}</h2>
    @if (request.problem(); as problem) {
      <e-page-state [problem]="problem" (retry)="load()" />
    } @else if (usage(); as usage) {
      <p>{{ t('songsUsed', { used: format.number(usage.songs), limit: format.number(usage.max_songs) }) }}</p>
      <p>{{ t('bytesUsed', { used: format.size(usage.size_bytes), limit: format.size(usage.max_size_bytes) }) }}</p>
      <p class="muted">{{ t('storageHint') }}</p>
    }
  `,
})
export class StorageUsage {
  protected readonly t = injectTexts(accountTexts);
  protected readonly format = inject(Format);
  protected readonly usage = signal<Schema<'StorageUsageAnswer'> | null>(null);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);

  constructor() {
    void this.load();
  }

  protected async load(): Promise<void> {
    await this.request.run(async () => this.usage.set(await this.api.get('/api/v1/library/usage')));
  }
}
