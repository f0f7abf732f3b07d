import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  input,
  output,
  signal,
  untracked,
} from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { Song } from '../shared/songs/song-list';
import { Comment, CommentItem } from './comment';
import { CommentForm } from './comment-form';
import { commentTexts } from './comment-texts';

/** The discussion of a song: threads of one level, the form for a new comment, and what its owner decides. */
@Component({
  selector: 'e-comments',
  imports: [Comment, CommentForm, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './comments.html',
  styleUrl: './comments.scss',
})
export class Comments {
  readonly song = input.required<Song>();
  /** Seconds at which the piece is played: a new comment can be pinned there. */
  readonly position = input(0);
  readonly songChanged = output<Song>();
  /** The comments that are loaded, for the pins on the piano roll. */
  readonly loaded = output<readonly CommentItem[]>();
  readonly located = output<CommentItem>();
  protected readonly t = injectTexts(commentTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly comments = signal<readonly CommentItem[] | null>(null);
  protected readonly listRequest = new RequestState();
  protected readonly cursor = signal<string | null>(null);
  protected readonly sort = signal<'newest' | 'oldest'>('newest');
  protected readonly isPinned = signal(false);
  /** The thread that the user replies to. */
  protected readonly replyingTo = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly isOwner = computed(() => this.song().author_id === this.session.user()?.id);
  protected readonly time = computed(() => this.format.duration(this.position()));

  constructor() {
    // The song changes with its likes; only another id needs other comments.
    const id = computed(() => this.song().id);
    effect(() => {
      id();
      this.sort();
      untracked(() => void this.load(null));
    });
    effect(() => this.loaded.emit(this.comments() ?? []));
  }

  protected async load(cursor: string | null): Promise<void> {
    await this.listRequest.run(async () => {
      const query = { limit: 20, sort: this.sort(), ...(cursor === null ? {} : { cursor }) };
      const path = { song_id: this.song().id };
      const page = await this.api.get('/api/v1/songs/{song_id}/comments', { path, query: query as never });
      this.comments.update((all) => [...(cursor === null ? [] : (all ?? [])), ...page.items]);
      this.cursor.set(page.next_cursor ?? null);
    });
  }

  protected readonly add = async (text: string): Promise<void> => {
    const position = this.isPinned() ? { seconds: Math.min(this.position(), this.song().duration_seconds) } : null;
    const comment = await this.post({ text, position });
    this.comments.update((all) => (this.sort() === 'newest' ? [comment, ...(all ?? [])] : [...(all ?? []), comment]));
    this.isPinned.set(false);
  };

  protected readonly addReply = async (text: string): Promise<void> => {
    const id = this.replyingTo();
    if (id === null) return;
    const reply = await this.post({ text, parent_id: id });
    this.replyingTo.set(null);
    this.replaceThread(id, (each) => ({
      ...each,
      replies: [...each.replies, reply],
      reply_count: each.reply_count + 1,
    }));
  };

  protected async loadReplies(thread: CommentItem): Promise<void> {
    const path = { song_id: this.song().id };
    const query = { parent: thread.id, sort: 'oldest', limit: 100 };
    try {
      const page = await this.api.get('/api/v1/songs/{song_id}/comments', { path, query: query as never });
      this.replaceThread(thread.id, (each) => ({ ...each, replies: page.items }));
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected replace(changed: CommentItem): void {
    this.updateAll((each) => (each.id === changed.id ? changed : each));
  }

  protected async remove(removed: CommentItem): Promise<void> {
    // A comment with replies keeps its place; which, the server decides.
    if (removed.reply_count) await this.load(null);
    else this.drop((each) => each.id === removed.id);
  }

  protected hideAuthor(comment: CommentItem): void {
    this.drop((each) => each.author_id === comment.author_id);
  }

  protected async setOpen(isOpen: boolean): Promise<void> {
    const path = { song_id: this.song().id };
    try {
      const song = await this.api.patch('/api/v1/songs/{song_id}', { path, json: { comments_open: isOpen } });
      this.songChanged.emit(song);
      this.notices.show(this.t(isOpen ? 'nowOpen' : 'nowClosed'), { kind: 'good' });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  private post(json: object): Promise<CommentItem> {
    const path = { song_id: this.song().id };
    return this.api.post('/api/v1/songs/{song_id}/comments', { path, json: json as never });
  }

  private replaceThread(id: string, change: (thread: CommentItem) => CommentItem): void {
    this.comments.update((all) => all?.map((each) => (each.id === id ? change(each) : each)) ?? null);
  }

  private updateAll(change: (comment: CommentItem) => CommentItem): void {
    this.comments.update(
      (all) => all?.map((each) => ({ ...change(each), replies: change(each).replies.map(change) })) ?? null,
    );
  }

  private drop(isDropped: (comment: CommentItem) => boolean): void {
    this.comments.update(
      (all) =>
        all
          ?.filter((each) => !isDropped(each))
          .map((each) => {
            const replies = each.replies.filter((reply) => !isDropped(reply));
            return { ...each, replies, reply_count: each.reply_count - each.replies.length + replies.length };
          }) ?? null,
    );
  }
}
