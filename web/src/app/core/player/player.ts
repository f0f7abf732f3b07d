import { Injectable, Signal, computed, inject, signal } from '@angular/core';
import { Api } from '../api/api';
import { Problem } from '../api/problem';

/** A piece that can be played. */
export interface Track {
  /** Unique: the id of the song, or another key. */
  readonly id: string;
  readonly title: string;
  readonly author?: string;
  /** The URL of the audio; default: the song's MP3 of the converter. */
  readonly url?: string;
  /** Loads the audio of a track that has no URL. */
  readonly load?: (signal: AbortSignal) => Promise<Blob>;
  readonly durationSeconds?: number | null;
  /** The route of the piece's page. */
  readonly link?: readonly string[];
}

export type PlayerState = 'idle' | 'loading' | 'playing' | 'paused' | 'failed';

/** Plays one track at a time; playback continues across page changes. */
@Injectable({ providedIn: 'root' })
export class Player {
  private readonly api = inject(Api);
  private audio: HTMLAudioElement | null = null;
  private objectUrl: string | null = null;
  private loading: AbortController | null = null;
  private upcoming: readonly Track[] = [];
  private readonly currentTrack = signal<Track | null>(null);
  private readonly playerState = signal<PlayerState>('idle');
  private readonly currentPosition = signal(0);
  private readonly totalDuration = signal(0);

  readonly track = this.currentTrack.asReadonly();
  readonly state = this.playerState.asReadonly();
  /** In seconds, updated a few times per second; animations read `exactPosition`. */
  readonly position = this.currentPosition.asReadonly();
  readonly duration = this.totalDuration.asReadonly();
  readonly problem = signal<Problem | null>(null);
  readonly volume = signal(1);
  readonly isPlaying = computed(() => this.playerState() === 'playing');

  exactPosition(): number {
    return this.audio?.currentTime ?? 0;
  }

  isCurrent(id: string | null | undefined): boolean {
    return id != null && this.currentTrack()?.id === id;
  }

  /** Play a track from its start, or pause or resume it if it is the current one. */
  async toggle(track: Track): Promise<void> {
    if (!this.isCurrent(track.id) || this.playerState() === 'failed') return this.play(track);
    if (this.playerState() === 'playing') this.audio?.pause();
    else await this.audio?.play();
  }

  /** Play tracks one after the other. */
  playAll(tracks: readonly Track[]): void {
    const [first, ...upcoming] = tracks;
    if (!first) return;
    void this.play(first);
    this.upcoming = upcoming;
  }

  async play(track: Track, positionSeconds = 0): Promise<void> {
    this.close();
    const loading = (this.loading = new AbortController());
    this.currentTrack.set(track);
    this.playerState.set('loading');
    this.totalDuration.set(track.durationSeconds ?? 0);
    try {
      // An audio element cannot send the access token, so the file is fetched as a whole: 16 kB per second of audio.
      const blob = await (track.load?.(loading.signal) ?? this.fetch(track, loading.signal));
      if (loading.signal.aborted) return;
      await this.start(URL.createObjectURL(blob), positionSeconds);
    } catch (error) {
      if (loading.signal.aborted) return;
      this.problem.set(Problem.from(error));
      this.playerState.set('failed');
    }
  }

  seek(seconds: number): void {
    if (!this.audio) return;
    this.audio.currentTime = Math.max(0, Math.min(seconds, this.audio.duration || seconds));
    this.currentPosition.set(this.audio.currentTime);
  }

  setVolume(volume: number): void {
    this.volume.set(volume);
    if (this.audio) this.audio.volume = volume;
  }

  close(): void {
    this.loading?.abort();
    this.upcoming = [];
    const audio = this.audio;
    this.audio = null;
    audio?.pause();
    if (this.objectUrl) URL.revokeObjectURL(this.objectUrl);
    this.objectUrl = null;
    this.currentTrack.set(null);
    this.problem.set(null);
    this.playerState.set('idle');
    this.currentPosition.set(0);
  }

  private async fetch(track: Track, signal: AbortSignal): Promise<Blob> {
    const url = track.url ?? `/api/v1/audio/${track.id}.mp3?bitrate=128`;
    return (await this.api.fetch(url, { signal })).blob();
  }

  private async start(objectUrl: string, positionSeconds: number): Promise<void> {
    this.objectUrl = objectUrl;
    const audio = (this.audio = new Audio(objectUrl));
    audio.volume = this.volume();
    audio.currentTime = positionSeconds;
    audio.addEventListener('play', () => this.playerState.set('playing'));
    audio.addEventListener('pause', () => this.audio === audio && this.playerState.set('paused'));
    audio.addEventListener('timeupdate', () => this.audio === audio && this.currentPosition.set(audio.currentTime));
    audio.addEventListener('durationchange', () => this.audio === audio && this.totalDuration.set(audio.duration || 0));
    audio.addEventListener('ended', () => this.audio === audio && this.playAll(this.upcoming));
    await audio.play().catch((error: unknown) => {
      // The browser requires a user gesture: stay paused until the user presses play.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.playerState.set('paused');
      else if (this.audio === audio) throw error;
    });
    this.updateMediaSession();
  }

  private updateMediaSession(): void {
    const media = navigator.mediaSession as MediaSession | undefined;
    const track = this.currentTrack();
    if (!media || !track) return;
    media.metadata = new MediaMetadata({ title: track.title, artist: track.author ?? 'Euterpe' });
    media.setActionHandler('play', () => void this.audio?.play());
    media.setActionHandler('pause', () => this.audio?.pause());
    media.setActionHandler('seekto', (details) => this.seek(details.seekTime ?? 0));
  }
}

/** The playback of one track: its state in the player, and its controls. Needs an injection context. */
export class Playback {
  private readonly player = inject(Player);
  /** Whether the track is the current one of the player. */
  readonly isCurrent = computed(() => this.player.isCurrent(this.track()?.id));
  readonly isLoading = computed(() => this.isCurrent() && this.player.state() === 'loading');
  readonly isPlaying = computed(() => this.isCurrent() && this.player.isPlaying());
  /** The position in seconds, updated a few times per second. */
  readonly position = computed(() => (this.isCurrent() ? this.player.position() : 0));

  /** `track` is null while there is nothing to play. */
  constructor(readonly track: Signal<Track | null>) {}

  /** The exact position in seconds, for animations. */
  exactPosition(): number {
    return this.player.exactPosition();
  }

  toggle(): void {
    const track = this.track();
    if (track) void this.player.toggle(track);
  }

  seek(seconds: number): void {
    const track = this.track();
    if (this.isCurrent() && !this.isLoading()) this.player.seek(seconds);
    else if (track) void this.player.play(track, seconds);
  }
}
