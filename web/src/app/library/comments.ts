import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Song } from '../shared/songs/song-list';
import { commentTexts } from './comment-texts';

type Comment = Schema<'CommentAnswer'>;

/** The comments on a song, and the form for a new one. */
@Component({
  selector: 'e-comments',
  imports: [Icon, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './comments.html',
  styleUrl: './comments.scss',
})
export class Comments {
  readonly song = input.required<Song>();
  protected readonly t = injectTexts(commentTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly comments = signal<readonly Comment[] | null>(null);
  protected readonly listRequest = new RequestState();
  protected readonly submission = new RequestState();
  protected readonly text = signal('');
  protected readonly isEmpty = signal(false);
  protected readonly cursor = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly error = computed(() => {
    if (this.isEmpty() && !this.text().trim()) return this.t('textRequired');
    const problem = this.submission.problem();
    return problem && (this.errorMessages.ofField(problem.field('text')) ?? this.errorMessages.of(problem));
  });

  constructor() {
    // The song changes with its likes; only another id needs other comments.
    const id = computed(() => this.song().id);
    effect(() => {
      id();
      untracked(() => void this.load(null));
    });
  }

  protected async load(cursor: string | null): Promise<void> {
    await this.listRequest.run(async () => {
      const query = { limit: 20, ...(cursor === null ? {} : { cursor }) };
      const path = { song_id: this.song().id };
      const page = await this.api.get('/api/v1/songs/{song_id}/comments', { path, query: query as never });
      this.comments.update((all) => [...(cursor === null ? [] : (all ?? [])), ...page.items]);
      this.cursor.set(page.next_cursor ?? null);
    });
  }

  protected async submit(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.text().trim();
    this.isEmpty.set(!text);
    this.submission.problem.set(null);
    if (!text || this.submission.isPending()) return;
    await this.submission.run(async () => {
      const path = { song_id: this.song().id };
      const comment = await this.api.post('/api/v1/songs/{song_id}/comments', { path, json: { text } });
      this.comments.update((all) => [comment, ...(all ?? [])]);
      this.text.set('');
    });
  }

  /** A comment can be deleted by its author and by the owner of the song. */
  protected canDelete(comment: Comment): boolean {
    const id = this.session.user()?.id;
    return id !== undefined && (comment.author_id === id || this.song().author_id === id);
  }

  protected async delete(comment: Comment): Promise<void> {
    try {
      await this.api.delete('/api/v1/library/comments/{comment_id}', { path: { comment_id: comment.id } });
      this.comments.update((all) => (all ?? []).filter((other) => other.id !== comment.id));
      this.notices.show(this.t('deleted'));
    } catch (error) {
      this.errorMessages.show(error);
    }
  }

  protected async report(comment: Comment): Promise<void> {
    const path = { comment_id: comment.id };
    try {
      await this.api.put('/api/v1/library/comments/{comment_id}/report', { path, json: { reason: 'other', note: '' } });
      this.notices.show(this.t('reported'), { kind: 'good' });
    } catch (error) {
      this.errorMessages.show(error);
    }
  }
}
