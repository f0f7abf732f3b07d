import { Injectable, inject } from '@angular/core';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { KeptPiece, KeptPieces } from '../core/offline/kept-pieces';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { offlineTexts } from './offline-texts';

/** Keeps songs for offline playback and removes them, with notices. */
@Injectable({ providedIn: 'root' })
export class OfflineActions {
  private readonly kept = inject(KeptPieces);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly t = injectTexts(offlineTexts);

  async keep(piece: KeptPiece): Promise<void> {
    const { title } = piece;
    const progress = this.notices.show(this.t('keeping', { title }));
    try {
      await this.kept.keep(piece);
      this.notices.show(this.t('kept', { title }), { kind: 'good' });
    } catch (error) {
      if (error instanceof Problem || !navigator.onLine) void this.errorMessages.show(error);
      else this.notices.show(this.t('notKept'), { kind: 'problem' });
    } finally {
      this.notices.dismiss(progress);
    }
  }

  async remove(piece: KeptPiece): Promise<void> {
    await this.kept.remove(piece.id);
    this.notices.show(this.t('removed', { title: piece.title }), { kind: 'good' });
  }
}
