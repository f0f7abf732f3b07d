import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { composeTexts } from './compose-texts';
import { Composer } from './composer';
import { Draft } from './draft';
import { LivePlayback } from './live-playback';
import { Piece } from './piece';
import { PieceView } from './piece-view';
import { Variations } from './variations';

/** The result of the last request: its variations, the selected piece, and the actions on it. */
@Component({
  selector: 'e-result',
  imports: [RouterLink, PieceView, Variations],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './result.html',
  styleUrl: './result.scss',
})
export class Result {
  readonly compose = input.required<(draft: Draft) => Promise<void>>();
  protected readonly composer = inject(Composer);
  protected readonly session = inject(Session);
  protected readonly t = injectTexts(composeTexts);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly livePlayback = inject(LivePlayback);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  protected async another(): Promise<void> {
    const draft = this.composer.draft();
    if (!draft) return;
    await this.compose()(this.composer.renewSeed({ ...draft, keepSeed: false }));
  }

  protected download(piece: Piece): void {
    const { song_id: id, title } = piece.state();
    void this.dialogs.open(() => import('../shared/download/download-dialog').then((m) => m.DownloadDialog), {
      id,
      title,
    });
  }

  protected share(piece: Piece): void {
    const { song_id: id, title } = piece.state();
    void this.dialogs.open(() => import('../shared/share/share-dialog').then((m) => m.ShareDialog), { id, title });
  }

  protected async rename(piece: Piece, title: string): Promise<void> {
    const { song_id: id, title: oldTitle } = piece.state();
    if (!id) return;
    this.setTitle(piece, title);
    try {
      await this.api.patch('/api/v1/songs/{song_id}', { path: { song_id: id }, json: { title } as never });
      this.notices.show(this.t('renamed', { title }), { kind: 'good' });
    } catch (error) {
      this.setTitle(piece, oldTitle);
      void this.errorMessages.show(error);
    }
  }

  private setTitle(piece: Piece, title: string): void {
    piece.state.update((state) => ({ ...state, title }));
    this.livePlayback.renamed(piece);
  }
}
