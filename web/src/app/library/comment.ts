import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { Avatar } from '../shared/users/avatar';
import { PlainText } from '../shared/users/plain-text';
import { CommentForm } from './comment-form';
import { commentTexts } from './comment-texts';

export type CommentItem = Schema<'CommentAnswer'>;

const EDITABLE_MS = 15 * 60_000;

/** A comment with what the user may do with it. */
@Component({
  selector: 'e-comment',
  imports: [Avatar, CommentForm, Icon, PlainText, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[id]': "'comment-' + comment().id", tabindex: '-1' },
  templateUrl: './comment.html',
  styleUrl: './comment.scss',
})
export class Comment {
  readonly comment = input.required<CommentItem>();
  /** Whether the user owns the song, and may delete every comment. */
  readonly isOwner = input(false);
  /** Whether new replies and edits are accepted. */
  readonly isOpen = input(true);
  readonly changed = output<CommentItem>();
  readonly deleted = output<CommentItem>();
  readonly reply = output();
  readonly authorBlocked = output<CommentItem>();
  /** The place in the piece that the comment is pinned to was selected. */
  readonly located = output<CommentItem>();
  protected readonly t = injectTexts(commentTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly isEditing = signal(false);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly isAuthor = computed(() => this.comment().author_id === this.session.user()?.id);
  protected readonly place = computed(() => {
    const position = this.comment().position;
    if (!position) return null;
    return position.bar != null
      ? this.t('atBar', { n: position.bar })
      : this.t('atTime', { time: this.format.duration(position.seconds) });
  });

  protected isEditable(): boolean {
    const age = Date.now() - new Date(this.comment().created_at).getTime();
    return this.isAuthor() && this.isOpen() && age < EDITABLE_MS;
  }

  protected readonly saveEdit = async (text: string): Promise<void> => {
    const path = { comment_id: this.comment().id };
    const edited = await this.api.patch('/api/v1/library/comments/{comment_id}', { path, json: { text } });
    this.isEditing.set(false);
    this.changed.emit({ ...edited, replies: this.comment().replies });
  };

  protected async delete(): Promise<void> {
    const comment = this.comment();
    try {
      await this.api.delete('/api/v1/library/comments/{comment_id}', { path: { comment_id: comment.id } });
      this.notices.show(this.t('deleted'));
      this.deleted.emit(comment);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async report(): Promise<void> {
    const load = () => import('./report-dialog').then((m) => m.ReportDialog);
    const json = await this.dialogs.open<Schema<'CommentReport'>>(load, null);
    if (!json) return;
    try {
      const path = { comment_id: this.comment().id };
      await this.api.put('/api/v1/library/comments/{comment_id}/report', { path, json });
      this.notices.show(this.t('reported'), { kind: 'good' });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async block(): Promise<void> {
    const comment = this.comment();
    const path = { author_id: comment.author_id };
    try {
      await this.api.put('/api/v1/library/authors/{author_id}/block', { path });
      this.notices.show(this.t('blocked', { author: this.format.author(comment.author) }));
      this.authorBlocked.emit(comment);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
