import { NgTemplateOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { MatMenuTrigger } from '@angular/material/menu';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { RequestState } from '../core/api/request-state';
import { Playback } from '../core/player/player';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { Format } from '../core/text/format';
import { instrumentLabel } from '../core/text/instrument-label';
import { Language } from '../core/text/language';
import { PageTitles } from '../core/text/page-titles';
import { injectTexts } from '../core/text/texts';
import { Composer } from '../compose/composer';
import { manifestLabel } from '../core/text/manifest-labels';
import { Icon } from '../shared/icon';
import { RollNote } from '../shared/midi/notes';
import { readMidi } from '../shared/midi/read-midi';
import { PageState } from '../shared/page-state';
import { PianoRoll, RollPin } from '../shared/piano-roll/piano-roll';
import { PlayButton } from '../shared/play-button';
import { Rights } from '../shared/rights';
import { LikeButton } from '../shared/songs/like-button';
import { measureLabel, orderedMeasures, topStyles } from '../shared/songs/measure-labels';
import { Song } from '../shared/songs/song-list';
import { songTrack } from '../shared/songs/song-track';
import { BulkActions } from './bulk-actions';
import { CommentItem } from './comment';
import { Comments } from './comments';
import { SongMenu } from './song-menu';
import { Lineage } from './lineage';
import { libraryTexts } from './library-texts';
import { SongActions } from './song-actions';
import { isAccompaniment, parameterRows, storedPrompt } from './song-settings';

/** The page of a song: piano roll, metadata, settings, measures, comments. */
@Component({
  imports: [
    Comments,
    Icon,
    LikeButton,
    Lineage,
    MatMenuTrigger,
    NgTemplateOutlet,
    PageState,
    PianoRoll,
    PlayButton,
    Rights,
    RouterLink,
    SongMenu,
  ],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './song-page.html',
  styleUrls: ['../shared/detail-page.scss', './song-page.scss'],
})
export default class SongPage {
  readonly id = input.required<string>();
  /** Opens the dialog to share the song: a guest who wanted to share it has registered. */
  readonly share = input<string>();
  protected readonly t = injectTexts(libraryTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly format = inject(Format);
  protected readonly session = inject(Session);
  protected readonly actions = inject(SongActions);
  protected readonly composer = inject(Composer);
  protected readonly song = signal<Song | null>(null);
  protected readonly notes = signal<readonly RollNote[]>([]);
  protected readonly comments = signal<readonly CommentItem[]>([]);
  protected readonly request = new RequestState();
  private readonly bulkActions = inject(BulkActions);
  private readonly sourceTitle = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly router = inject(Router);
  private readonly pageTitles = inject(PageTitles);

  protected readonly isOwner = computed(() => this.song()?.author_id === this.session.user()?.id);
  protected readonly playback = new Playback(
    computed(() => {
      const song = this.song();
      return song && songTrack(song);
    }),
  );
  protected readonly metadata = computed(() => {
    const song = this.song();
    if (!song) return [];
    const rows: [string, string | null | undefined][] = [
      [this.t('author'), this.isOwner() ? null : this.format.author(song.author)],
      [this.t('date'), this.format.dateTime(song.created_at)],
      [this.t('length'), this.format.duration(song.duration_seconds)],
      [this.t('notes'), this.format.number(song.note_count)],
      [this.t('key'), song.key && this.format.key(song.key)],
      [this.t('meter'), song.meter],
      ['Tempo', song.tempo_bpm ? `${this.format.number(song.tempo_bpm)} bpm` : null],
      [this.t('instrument'), song.instruments.map((name) => instrumentLabel(name, this.language.code())).join(', ')],
      [this.t('style'), song.style && manifestLabel(song.style, this.language.code())],
      [this.t('visibility'), this.t(song.visibility)],
    ];
    return rows.filter((row): row is [string, string] => !!row[1]);
  });
  protected readonly settings = computed(() => {
    const song = this.song();
    if (!song?.model) return [];
    const rows: [string, string][] = [[this.t('model'), `${song.model} ${song.model_version}`]];
    if (song.seed !== null) rows.push([this.t('seed'), String(song.seed)]);
    const prompt = storedPrompt(song);
    if (prompt) {
      const title = this.sourceTitle();
      const source =
        title === null ? this.t(prompt.song_id ? 'anotherPiece' : 'uploadedFile') : this.t('quoted', { title });
      rows.push([
        this.t(isAccompaniment(song) ? 'accompanies' : 'continues'),
        this.t('barsOf', { n: prompt.bars, source }),
      ]);
    }
    const texts = { language: this.language.code(), format: this.format, eventCount: this.t('events') };
    return [...rows, ...parameterRows(song, texts)];
  });

  protected readonly measures = computed(() =>
    orderedMeasures(this.song()?.measures ?? {}).map(([name, value]) => [
      measureLabel(name, this.language.code()),
      this.format.number(value, 2),
    ]),
  );

  protected readonly styles = computed(() =>
    topStyles(this.song()?.measures ?? {}).map(({ name, probability }) => [
      manifestLabel(name, this.language.code()),
      this.format.percent(probability),
    ]),
  );

  constructor() {
    // The models determine whether a piece can be continued or accompanied.
    void this.composer.loadModels();
    loadWhenReady(this.id, (id) => this.load(id));
  }

  protected async load(id: string): Promise<void> {
    await this.request.run(async () => {
      const song = await this.api.get('/api/v1/songs/{song_id}', { path: { song_id: id } });
      this.song.set(song);
      this.pageTitles.name.set(song.title);
      const file = await this.api.fetch(song.midi_url ?? `/api/v1/songs/${id}/midi`);
      this.notes.set(readMidi(await file.arrayBuffer()));
      if (this.share() && this.isOwner()) {
        await this.router.navigate([], { queryParams: {}, replaceUrl: true });
        this.actions.share(song);
      }
      this.sourceTitle.set(await this.titleOf(storedPrompt(song)?.song_id));
    });
  }

  /** The title of a song; null if it was deleted or may not be read. */
  private async titleOf(songId: string | null | undefined): Promise<string | null> {
    if (!songId) return null;
    try {
      return (await this.api.get('/api/v1/songs/{song_id}', { path: { song_id: songId } })).title;
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  }

  /** Show where comments are pinned; a bar is placed by the meter and tempo at the beginning. */
  protected readonly pins = computed((): RollPin[] => {
    const song = this.song();
    if (!song) return [];
    const all = this.comments().flatMap((thread) => [thread, ...thread.replies]);
    return all.flatMap((comment) => {
      const seconds = secondsOf(comment, song);
      if (seconds === null || comment.state !== 'visible') return [];
      const label = `${this.format.duration(seconds)}, ${this.format.author(comment.author)}: ${comment.text}`;
      return [{ id: comment.id, seconds, label }];
    });
  });

  protected showComment(id: string): void {
    const element = document.getElementById(`comment-${id}`);
    element?.scrollIntoView({ block: 'center' });
    element?.focus();
  }

  protected goTo(comment: CommentItem): void {
    const song = this.song();
    const seconds = song && secondsOf(comment, song);
    if (seconds !== null) this.playback.seek(seconds);
  }

  protected replaceSong(song: Song): void {
    this.song.set(song);
  }

  /** Update only the like, so that the page does not mix two versions of the song. */
  protected updateLike({ liked, like_count }: Song): void {
    this.song.update((song) => song && { ...song, liked, like_count });
  }

  /** Publish the song, or make it private. The switch goes back if that fails. */
  protected async publish(song: Song, input: HTMLInputElement): Promise<void> {
    const visibility = input.checked ? 'public' : 'private';
    const [changed] = await this.bulkActions.setVisibility([song], visibility);
    if (changed) this.song.set(changed);
    else input.checked = !input.checked;
  }

  protected async edit(song: Song): Promise<void> {
    const changed = await this.actions.edit(song);
    if (!changed) return;
    this.song.set(changed);
    this.pageTitles.name.set(changed.title);
  }

  protected async delete(song: Song): Promise<void> {
    const showRestored = (restored: Song) => void this.router.navigate(['/library/songs', restored.id]);
    if (await this.actions.delete(song, showRestored)) await this.router.navigate(['/library']);
  }
}

/** The second of the piece that a comment is pinned to; null if it is not pinned. */
function secondsOf(comment: CommentItem, song: Song): number | null {
  const { position } = comment;
  if (!position) return null;
  if (position.seconds != null) return position.seconds;
  const [beats = 4, unit = 4] = (song.meter ?? '4/4').split('/').map(Number);
  const barSeconds = ((beats * 4) / unit) * (60 / (song.tempo_bpm || 120));
  return Math.min(song.duration_seconds, ((position.bar ?? 1) - 1) * barSeconds);
}
