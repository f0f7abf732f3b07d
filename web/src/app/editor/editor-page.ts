import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  computed,
  effect,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { Playback, Track } from '../core/player/player';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { PageTitles } from '../core/text/page-titles';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { PlayButton } from '../shared/play-button';
import { Song } from '../shared/songs/song-list';
import { songTrack } from '../shared/songs/song-track';
import { ComposePanel } from './compose-panel';
import { EditorRoll } from './editor-roll';
import { EditorState } from './editor-state';
import { EditorKey, editorTexts } from './editor-texts';
import { EditorToolbar } from './editor-toolbar';
import { Score, requestOf, scoreOf } from './model/score';
import { SelectionPanel } from './selection-panel';
import { TempoPanel } from './tempo-panel';
import { TracksPanel } from './tracks-panel';
import { Version, VersionsPanel } from './versions-panel';

/** Chords are estimated again when the notes have not changed for this long. */
const CHORDS_DELAY_MS = 1200;

const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly text: EditorKey }[] = [
  { keys: ['←', '→'], text: 'shortcutBrowse' },
  { keys: ['↑', '↓'], text: 'shortcutPitch' },
  { keys: ['Alt + ←', 'Alt + →'], text: 'shortcutMove' },
  { keys: ['Alt + Shift + ←', '→'], text: 'shortcutLength' },
  { keys: ['+', '-'], text: 'shortcutVelocity' },
  { keys: ['Enter'], text: 'shortcutAdd' },
  { keys: ['Del'], text: 'delete' },
  { keys: ['Q'], text: 'shortcutQuantise' },
  { keys: ['V', 'B'], text: 'shortcutTools' },
  { keys: ['Ctrl + A'], text: 'selectAll' },
  { keys: ['Ctrl + C'], text: 'copy' },
  { keys: ['Ctrl + X'], text: 'cut' },
  { keys: ['Ctrl + V'], text: 'paste' },
  { keys: ['Ctrl + D'], text: 'duplicate' },
  { keys: ['Ctrl + Z'], text: 'undo' },
  { keys: ['Ctrl + Y'], text: 'redo' },
];

/** The editor of a song's notes. Changes are saved as a new version, or as a new piece. */
@Component({
  imports: [
    ComposePanel,
    EditorRoll,
    EditorToolbar,
    Icon,
    PageState,
    PlayButton,
    RouterLink,
    SelectionPanel,
    TempoPanel,
    TracksPanel,
    VersionsPanel,
  ],
  providers: [EditorState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './editor-page.html',
  styleUrls: ['../shared/detail-page.scss', './editor-page.scss'],
  host: { '(window:beforeunload)': 'warn($event)' },
})
export default class EditorPage {
  readonly id = input.required<string>();
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly session = inject(Session);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly pageTitles = inject(PageTitles);
  private readonly router = inject(Router);
  protected readonly roll = viewChild(EditorRoll);
  protected readonly song = signal<Song | null>(null);
  protected readonly versions = signal<readonly Version[]>([]);
  /** The version that was saved or opened last, and the one whose tracks the score's sources count. */
  protected readonly baseNumber = signal(1);
  protected readonly sourceNumber = signal(1);
  protected readonly label = signal('');
  protected readonly request = new RequestState();
  protected readonly saving = new RequestState();
  private readonly revisions = new WeakMap<Score, number>();
  private lastRevision = 0;
  protected readonly isOwner = computed(() => this.song()?.author_id === this.session.user()?.id);
  protected readonly playback = new Playback(
    computed(() => {
      const song = this.song();
      if (!song) return null;
      if (this.state.isChanged()) return this.changedTrack(song);
      // Another version is another track of the player, which otherwise keeps the audio that it has.
      if (song.current_version !== this.baseNumber()) return null;
      return {
        ...songTrack(song),
        id: `${song.id}@${song.current_version}`,
        url: `/api/v1/audio/${song.id}.mp3?bitrate=128`,
        midi: async () => (await this.api.fetch(`/api/v1/songs/${song.id}/midi`)).arrayBuffer(),
      };
    }),
  );

  constructor() {
    loadWhenReady(this.id, (id) => this.load(id));
    effect((onCleanup) => {
      const score = this.state.isPreview() ? null : this.state.score();
      if (!score || !this.state.isChanged()) return;
      const timer = setTimeout(() => void untracked(() => this.updateChords()), CHORDS_DELAY_MS);
      onCleanup(() => clearTimeout(timer));
    });
    inject(DestroyRef).onDestroy(() => this.pageTitles.name.set(null));
  }

  protected readonly shortcuts = SHORTCUTS;

  protected message(problem: Problem): string {
    const field = problem.fields[0];
    const message = this.errorMessages.of(problem);
    return field ? `${message} ${this.errorMessages.ofField(field)}` : message;
  }

  /** Asked by the router before it leaves the page. */
  canLeave(): boolean {
    return !this.state.isChanged() || confirm(this.t('leave'));
  }

  protected warn(event: BeforeUnloadEvent): void {
    if (this.state.isChanged()) event.preventDefault();
  }

  protected async load(id: string): Promise<void> {
    await this.request.run(async () => {
      const song = await this.api.get('/api/v1/songs/{song_id}', { path: { song_id: id } });
      await this.openNotes(id);
      this.song.set(song);
      this.pageTitles.name.set(this.t('pageTitle', { title: song.title }));
      await this.loadVersions();
    });
  }

  protected async open(version: Version): Promise<void> {
    if (!this.canLeave()) return;
    try {
      await this.openNotes(this.id(), version.number);
      this.roll()?.reset();
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async restore(version: Version): Promise<void> {
    if (!this.canLeave()) return;
    const path = { song_id: this.id(), number: version.number };
    await this.saving.run(async () => {
      const saved = await this.api.post('/api/v1/songs/{song_id}/versions/{number}/restore', { path });
      this.song.set(saved.song);
      await this.openNotes(this.id());
      const { number } = saved.version;
      this.notices.show(this.t('restored', { from: version.number, n: number }), { kind: 'good' });
      await this.loadVersions();
    });
  }

  protected async save(): Promise<void> {
    const score = this.state.present;
    await this.saving.run(async () => {
      const json = { ...requestOf(score, this.baseNumber(), this.label().trim()), source_number: this.sourceNumber() };
      const saved = await this.api.post('/api/v1/songs/{song_id}/versions', { path: { song_id: this.id() }, json });
      const { number } = saved.version;
      const isNew = number !== this.baseNumber();
      this.song.set(saved.song);
      this.baseNumber.set(number);
      this.state.markSaved(score);
      this.label.set('');
      const [other] = saved.saved_meanwhile;
      if (other !== undefined) this.notices.show(this.t('savedMeanwhile', { n: number, other }), { kind: 'problem' });
      else this.notices.show(this.t(isNew ? 'saved' : 'unchanged', { n: number }), { kind: 'good' });
      await this.loadVersions();
    });
  }

  /** Download the piece in a format, or its stems; changes are saved first, since the server makes the files. */
  protected async download(): Promise<void> {
    if (this.state.isChanged()) await this.save();
    const song = this.song();
    if (!song || this.saving.problem()) return;
    await this.dialogs.open(() => import('../shared/download/download-dialog').then((m) => m.DownloadDialog), song);
  }

  /** Add the notes to the user's library as a piece of their own. */
  protected async saveCopy(): Promise<void> {
    const song = this.song();
    if (!song) return;
    const score = this.state.present;
    await this.saving.run(async () => {
      const body = await this.changedMidi(score);
      const title = this.t('copyTitle', { title: song.title }).slice(0, 200);
      const url = `/api/v1/library/imports?${new URLSearchParams({ title })}`;
      const headers = { 'Content-Type': 'audio/midi', 'Idempotency-Key': crypto.randomUUID() };
      const response = await this.api.fetch(url, { method: 'POST', headers, body }, 'guest');
      const copy = (await response.json()) as Song;
      this.state.markSaved(score);
      this.notices.show(this.t('savedCopy', { title: copy.title }), { kind: 'good' });
      await this.router.navigate(['/library/songs', copy.id, 'edit']);
    });
  }

  private async openNotes(id: string, version?: number): Promise<void> {
    const query = version === undefined ? {} : { version };
    const answer = await this.api.get('/api/v1/songs/{song_id}/notes', { path: { song_id: id }, query });
    this.state.open(scoreOf(answer));
    this.state.chords.set(answer.chords);
    this.baseNumber.set(answer.version);
    this.sourceNumber.set(answer.version);
  }

  private async loadVersions(): Promise<void> {
    if (!this.isOwner()) return;
    const { items } = await this.api.get('/api/v1/songs/{song_id}/versions', { path: { song_id: this.id() } });
    this.versions.set(items);
  }

  /** The track of notes that are not saved; each change of them makes another track of it. */
  private changedTrack(song: Song): Track {
    const score = this.state.present;
    const midi = async () => (await this.changedMidi(score)).buffer;
    return {
      id: `${song.id}#${this.revisionOf(score)}`,
      title: song.title,
      midi,
      load: async (signal) => {
        const body = new FormData();
        body.set('file', new File([await this.changedMidi(score)], 'edited.mid', { type: 'audio/midi' }));
        body.set('format', 'mp3');
        return this.api.fetch('/api/v1/conversions', { method: 'POST', body, signal });
      },
    };
  }

  private revisionOf(score: Score): number {
    const known = this.revisions.get(score);
    if (known !== undefined) return known;
    this.revisions.set(score, ++this.lastRevision);
    return this.lastRevision;
  }

  private async changedMidi(score: Score): Promise<Uint8Array<ArrayBuffer>> {
    const { midi } = await this.preview(score);
    return Uint8Array.from(atob(midi), (character) => character.charCodeAt(0));
  }

  private preview(score = this.state.present) {
    const json = { ...requestOf(score, this.baseNumber()), source_number: this.sourceNumber() };
    return this.api.post('/api/v1/songs/{song_id}/preview', { path: { song_id: this.id() }, json });
  }

  private async updateChords(): Promise<void> {
    const score = this.state.present;
    try {
      const { chords } = await this.preview();
      if (score === this.state.present) this.state.chords.set(chords);
    } catch {
      // Notes that cannot be saved have no chords; saving says why.
      this.state.chords.set([]);
    }
  }
}
