import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { saveFile } from '../shared/save-file';
import { editorTexts } from './editor-texts';

export type Version = Schema<'VersionAnswer'>;

/** The versions of the song: open, restore, download. */
@Component({
  selector: 'e-versions-panel',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="panel" aria-labelledby="versions-heading">
      <h2 id="versions-heading">{{ t('versions') }}</h2>
      <ul class="list">
        @for (version of versions(); track version.number) {
          <li class="entry">
            <div class="grow">
              <strong>{{ t('version', { n: version.number }) }}</strong>
              @if (version.label) {
                · {{ version.label }}
              }
              @if (version.is_current) {
                <span class="tag">{{ t('current') }}</span>
              }
              <p class="hint">
                {{ originOf(version) }} · {{ format.dateTime(version.created_at) }} ·
                {{ t('noteCount', { n: version.note_count }) }} · {{ format.duration(version.duration_seconds) }}
              </p>
            </div>
            @if (version.number !== opened()) {
              <button
                type="button"
                class="button small"
                [attr.aria-label]="t('openVersion', { n: version.number })"
                (click)="open.emit(version)"
              >
                {{ t('open') }}
              </button>
            }
            @if (!version.is_current) {
              <button
                type="button"
                class="button small"
                [attr.aria-label]="t('restoreVersion', { n: version.number })"
                (click)="restore.emit(version)"
              >
                {{ t('restore') }}
              </button>
            }
            <button
              type="button"
              class="icon-button"
              [attr.aria-label]="t('downloadVersion', { n: version.number })"
              [title]="t('download')"
              (click)="download(version)"
            >
              <e-icon name="download" />
            </button>
          </li>
        }
      </ul>
    </section>
  `,
  styleUrl: './editor-panel.scss',
})
export class VersionsPanel {
  readonly versions = input.required<readonly Version[]>();
  /** The number of the version that is edited. */
  readonly opened = input.required<number>();
  readonly title = input.required<string>();
  readonly open = output<Version>();
  readonly restore = output<Version>();
  protected readonly t = injectTexts(editorTexts);
  protected readonly format = inject(Format);
  private readonly api = inject(Api);
  private readonly errorMessages = inject(ErrorMessages);

  protected originOf(version: Version): string {
    if (version.origin === 'original') return this.t('original');
    return this.t(version.origin === 'edited' ? 'edited' : 'restoredFrom', { n: version.base_number ?? 1 });
  }

  protected async download(version: Version): Promise<void> {
    try {
      const response = await this.api.fetch(version.midi_url);
      saveFile(await response.blob(), `${this.title()} v${version.number}.mid`);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
