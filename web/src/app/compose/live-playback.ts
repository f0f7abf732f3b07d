import { Injectable, inject, signal } from '@angular/core';
import { localPreferences } from '../core/local-preferences';
import { Player, Track } from '../core/player/player';
import { Piece } from './piece';

const STORAGE_KEY = 'euterpe.plucks';
const LEAD_SECONDS = 0.02;

/** Plays the pieces of a request from their first notes on, while they are composed. */
@Injectable({ providedIn: 'root' })
export class LivePlayback {
  private readonly player = inject(Player);
  readonly enabled = signal(localPreferences.get(STORAGE_KEY) !== 'off');
  /** The piece that is played when its first notes arrive. */
  private awaited: string | null = null;
  /** Whether the synthesiser has failed: the server's audio of the finished piece is played then. */
  private isUnavailable = !this.player.canSynthesize();

  toggle(): void {
    this.enabled.update((enabled) => !enabled);
    localPreferences.set(STORAGE_KEY, this.enabled() ? null : 'off');
    if (!this.enabled() && this.player.track()?.sequence) this.player.close();
  }

  /** Prepare sound. Browsers allow it only if this is called from a user gesture. */
  prepare(programs: readonly number[]): void {
    if (this.enabled()) this.player.prepare(programs.map((program) => ({ program, isDrum: false })));
  }

  /** Play the piece with this id as soon as it has notes. */
  expect(id: string): void {
    this.player.close();
    this.awaited = this.enabled() ? id : null;
  }

  /** Play a piece again from its start. */
  replay(piece: Piece): void {
    if (this.enabled()) void this.player.play(pieceTrack(piece));
  }

  /** Called after notes were added to a piece. */
  notesAdded(piece: Piece): void {
    if (this.awaited !== piece.id || this.isUnavailable) return this.player.grow(piece.id);
    this.awaited = null;
    void this.start(piece);
  }

  /** Called when a piece has ended: its track then has the exact notes and a page. */
  ended(piece: Piece): void {
    const track = pieceTrack(piece);
    // Without the synthesiser, or if all notes arrived with the end.
    if (this.awaited === piece.id && track.id !== piece.id) void this.player.play(track);
    else void this.player.complete(piece.id, track);
    if (this.awaited === piece.id) this.awaited = null;
  }

  /** Called when a piece that has ended got another title. */
  renamed(piece: Piece): void {
    const track = pieceTrack(piece);
    this.player.rename(track.id, track.title);
  }

  private async start(piece: Piece): Promise<void> {
    const position = Math.max(0, (piece.live.notes[0]?.onset ?? 0) - LEAD_SECONDS);
    if (await this.player.play(pieceTrack(piece), position)) return;
    // Another piece may be played meanwhile.
    if (this.player.track()) return;
    this.isUnavailable = true;
    this.awaited = piece.id;
    if (piece.isSettled()) this.ended(piece);
  }
}

/** Return the track of a piece: of its song, or of its notes so far. */
export function pieceTrack(piece: Piece): Track {
  const { title, song_id: songId, duration_seconds: durationSeconds } = piece.state();
  // The player has the piece under this id until `ended` replaces it: until then, no button must offer to play it again.
  if (!songId || (!piece.isSettled() && piece.live.notes.length)) return { id: piece.id, title, sequence: piece.live };
  const track = { id: songId, title, durationSeconds, link: ['/library/songs', songId] };
  const { midi } = piece;
  return midi ? { ...track, midi: async () => midi } : track;
}
