import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  DOCUMENT,
  ViewEncapsulation,
  inject,
  signal,
} from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule } from '@angular/material/dialog';
import { Api, buildUrl } from '../../core/api/api';
import { Problem } from '../../core/api/problem';
import { RequestState } from '../../core/api/request-state';
import type { Schema } from '../../core/api/types';
import { commonTexts } from '../../core/text/common-texts';
import { ErrorMessages } from '../../core/text/error-messages';
import { Language } from '../../core/text/language';
import { injectTexts } from '../../core/text/texts';
import { Icon } from '../icon';
import { fileName, saveFile } from '../save-file';
import { scoreTexts } from './score-texts';

type Format = Schema<'ScoreFormat'>;

/** The song whose score is shown; `share` is the token of a share link, which may not allow downloads. */
export interface ScoredSong {
  readonly id: string;
  readonly title: string;
  readonly share?: string;
  readonly canDownload?: boolean;
}

/** Shows a song as sheet music, page by page; prints it, and saves it as a file. */
@Component({
  imports: [Icon, MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  encapsulation: ViewEncapsulation.None,
  host: { class: 'score-dialog' },
  templateUrl: './score-dialog.html',
  styleUrl: './score-dialog.scss',
})
export class ScoreDialog {
  protected readonly score = inject<ScoredSong>(MAT_DIALOG_DATA);
  protected readonly t = injectTexts(scoreTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly files: readonly { format: Format; name: string }[] = [
    { format: 'pdf', name: 'PDF' },
    { format: 'musicxml', name: 'MusicXML' },
    { format: 'abc', name: 'ABC' },
  ];
  protected readonly page = signal(1);
  protected readonly pages = signal(0);
  protected readonly zoom = signal(100);
  /** Object URL of the current page. */
  protected readonly picture = signal<string | null>(null);
  protected readonly printing = signal(false);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly document = inject(DOCUMENT);
  private readonly layout: Schema<'ScoreLayout'> = matchMedia('(max-width: 600px)').matches ? 'phone' : paper();
  private readonly urls = new Map<number, string>();

  constructor() {
    inject(DestroyRef).onDestroy(() => this.urls.forEach((url) => URL.revokeObjectURL(url)));
    void this.show(1);
  }

  protected async show(page: number): Promise<void> {
    await this.request.run(async () => {
      this.picture.set(await this.load(page));
      this.page.set(page);
    });
  }

  protected messageOf(problem: Problem): string {
    if (problem.slug !== 'score-not-possible') return this.errorMessages.of(problem);
    return this.t(problem.detail.startsWith('ABC') ? 'noMelody' : 'notPossible');
  }

  protected async download(format: Format): Promise<void> {
    await this.request.run(async () => {
      const response = await this.api.fetch(this.url(format, { layout: paper(), download: true }));
      saveFile(await response.blob(), fileName(this.score.title, format));
    });
  }

  /** Print all pages: they replace the document while it is printed. */
  protected async print(): Promise<void> {
    this.printing.set(true);
    const pages = this.document.createElement('div');
    pages.className = 'printed-score';
    const printed = await this.request.run(async () => {
      // A phone's narrow pages are not for paper.
      const first = await this.api.fetch(this.url('svg', { layout: paper() }));
      const count = Number(first.headers.get('X-Page-Count'));
      for (let page = 1; page <= count; page++) {
        const response = page === 1 ? first : await this.api.fetch(this.url('svg', { layout: paper(), page }));
        const image = this.document.createElement('img');
        image.src = URL.createObjectURL(await response.blob());
        pages.append(image);
        await image.decode();
      }
    });
    this.printing.set(false);
    if (printed) {
      this.document.body.append(pages);
      window.print();
      pages.remove();
    }
    pages.querySelectorAll('img').forEach((image) => URL.revokeObjectURL(image.src));
  }

  private async load(page: number): Promise<string> {
    const known = this.urls.get(page);
    if (known) return known;
    const response = await this.api.fetch(this.url('svg', { layout: this.layout, page }));
    this.pages.set(Number(response.headers.get('X-Page-Count')) || 1);
    const url = URL.createObjectURL(await response.blob());
    this.urls.set(page, url);
    return url;
  }

  private url(format: Format, query: Record<string, unknown>): string {
    const { id, share } = this.score;
    return buildUrl(`/api/v1/scores/${id}.${format}`, { query: { ...query, language: this.language.code(), share } });
  }
}

/** The paper of the user's region. */
function paper(): 'a4' | 'letter' {
  return /-(US|CA|MX|PH|CL|CO|VE)$/i.test(navigator.language) ? 'letter' : 'a4';
}
