import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Composer } from '../compose/composer';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Playback, Track } from '../core/player/player';
import { Format } from '../core/text/format';
import { PageTitles } from '../core/text/page-titles';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { RollNote } from '../shared/midi/notes';
import { readMidi } from '../shared/midi/read-midi';
import { PageState } from '../shared/page-state';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { PlayButton } from '../shared/play-button';
import { Rights } from '../shared/rights';
import { songTrack } from '../shared/songs/song-track';
import { sharedSongTexts } from './shared-song-texts';

/** A song that is opened by a share link, with or without an account. */
@Component({
  imports: [Icon, PageState, PianoRoll, PlayButton, Rights, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './shared-song-page.html',
  styleUrls: ['../shared/detail-page.scss', './shared-song-page.scss'],
})
export default class SharedSongPage {
  readonly token = input.required<string>();
  protected readonly t = injectTexts(sharedSongTexts);
  protected readonly format = inject(Format);
  protected readonly shared = signal<Schema<'SharedSong'> | null>(null);
  /** Null if the link does not allow downloads: a picture is shown instead of the notes. */
  protected readonly notes = signal<readonly RollNote[] | null>(null);
  protected readonly request = new RequestState();
  protected readonly composer = inject(Composer);
  private midi: ArrayBuffer | null = null;
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly router = inject(Router);
  private readonly pageTitles = inject(PageTitles);

  protected readonly playback = new Playback(computed(() => this.track()));
  protected readonly picture = computed(
    () => `/api/v1/pianorolls/${this.shared()?.song.id}.svg?share=${encodeURIComponent(this.token())}`,
  );

  constructor() {
    // The models determine whether a piece can be continued or accompanied.
    void this.composer.loadModels();
    effect(() => {
      const token = this.token();
      untracked(() => void this.load(token));
    });
  }

  protected async load(token: string): Promise<void> {
    await this.request.run(async () => {
      const shared = await this.api.get('/api/v1/library/shared/{token}', { path: { token }, as: 'none' });
      this.pageTitles.name.set(shared.song.title);
      if (shared.allow_download) {
        const file = await this.api.fetch(this.midiUrl(), {}, 'none');
        this.midi = await file.arrayBuffer();
        this.notes.set(readMidi(this.midi));
      }
      this.shared.set(shared);
    });
  }

  /** Continue from the MIDI file: the song itself may be private, and then cannot be read without its link. */
  protected async continue({ title }: Schema<'SongAnswer'>): Promise<void> {
    if (!this.midi) return;
    this.composer.setPrompt({ title, midi: new Uint8Array(this.midi), bars: null }, false);
    await this.router.navigate(['/']);
  }

  protected download({ id, title }: Schema<'SongAnswer'>): void {
    const song = { id, title, midiUrl: this.midiUrl(), share: this.token() };
    void this.dialogs.open(() => import('../shared/download/download-dialog').then((m) => m.DownloadDialog), song);
  }

  protected showScore({ song: { id, title }, allow_download }: Schema<'SharedSong'>): void {
    const score = { id, title, share: this.token(), canDownload: allow_download };
    void this.dialogs.open(() => import('../shared/score/score-dialog').then((m) => m.ScoreDialog), score, '64rem');
  }

  private midiUrl(): string {
    return `/api/v1/library/shared/${encodeURIComponent(this.token())}/midi`;
  }

  private track(): Track | null {
    const song = this.shared()?.song;
    if (!song) return null;
    const url = `/api/v1/audio/${song.id}.mp3?bitrate=128&share=${encodeURIComponent(this.token())}`;
    const midi = this.midi ? async () => this.midi as ArrayBuffer : null;
    return { ...songTrack(song), url, midi, link: ['/s', this.token()] };
  }
}
