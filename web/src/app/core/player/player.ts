import { Injectable, computed, inject, signal } from '@angular/core';
import { Api } from '../api/api';
import { Problem } from '../api/problem';

/** What can be played. */
export interface Track {
  /** Tells tracks apart: a song's id, or what else is unique. */
  readonly id: string;
  readonly title: string;
  readonly author?: string;
  /** Where the sound is; default: the song's audio at the converter. */
  readonly url?: string;
  /** How the sound is had, where it is at no address. */
  readonly load?: (signal: AbortSignal) => Promise<Blob>;
  readonly durationSeconds?: number | null;
  /** Where the piece itself is shown. */
  readonly link?: readonly string[];
}

export type PlayerState = 'idle' | 'loading' | 'playing' | 'paused' | 'failed';

/** The one thing that sounds. It lives as long as the page, so that music goes on while browsing. */
@Injectable({ providedIn: 'root' })
export class Player {
  private readonly api = inject(Api);
  private audio: HTMLAudioElement | null = null;
  private address: string | null = null;
  private loading: AbortController | null = null;
  private following: readonly Track[] = [];
  private readonly current = signal<Track | null>(null);
  private readonly stateNow = signal<PlayerState>('idle');
  private readonly at = signal(0);
  private readonly length = signal(0);

  readonly track = this.current.asReadonly();
  readonly state = this.stateNow.asReadonly();
  /** Seconds, a few times a second; `exactPosition` is for animations. */
  readonly position = this.at.asReadonly();
  readonly duration = this.length.asReadonly();
  readonly problem = signal<Problem | null>(null);
  readonly volume = signal(1);
  readonly playing = computed(() => this.stateNow() === 'playing');

  exactPosition(): number {
    return this.audio?.currentTime ?? 0;
  }

  is(id: string | null | undefined): boolean {
    return id != null && this.current()?.id === id;
  }

  /** Plays a track from its beginning, or goes on with it or pauses it if it is the current one. */
  async toggle(track: Track): Promise<void> {
    if (!this.is(track.id) || this.stateNow() === 'failed') return this.play(track);
    if (this.stateNow() === 'playing') this.audio?.pause();
    else await this.audio?.play();
  }

  /** Plays one after the other. */
  queue(tracks: readonly Track[]): void {
    const [first, ...others] = tracks;
    if (!first) return;
    void this.play(first);
    this.following = others;
  }

  async play(track: Track, from = 0): Promise<void> {
    this.close();
    const loading = (this.loading = new AbortController());
    this.current.set(track);
    this.stateNow.set('loading');
    this.length.set(track.durationSeconds ?? 0);
    try {
      // The element cannot send the token, so that the sound is fetched here: 16 kB a second.
      const blob = await (track.load?.(loading.signal) ?? this.fetch(track, loading.signal));
      if (loading.signal.aborted) return;
      await this.start(URL.createObjectURL(blob), from);
    } catch (error) {
      if (loading.signal.aborted) return;
      this.problem.set(Problem.from(error));
      this.stateNow.set('failed');
    }
  }

  seek(seconds: number): void {
    if (!this.audio) return;
    this.audio.currentTime = Math.max(0, Math.min(seconds, this.audio.duration || seconds));
    this.at.set(this.audio.currentTime);
  }

  setVolume(volume: number): void {
    this.volume.set(volume);
    if (this.audio) this.audio.volume = volume;
  }

  close(): void {
    this.loading?.abort();
    this.following = [];
    const audio = this.audio;
    this.audio = null;
    audio?.pause();
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
    this.current.set(null);
    this.problem.set(null);
    this.stateNow.set('idle');
    this.at.set(0);
  }

  private async fetch(track: Track, signal: AbortSignal): Promise<Blob> {
    const url = track.url ?? `/api/v1/audio/${track.id}.mp3?bitrate=128`;
    return (await this.api.fetch(url, { signal })).blob();
  }

  private async start(address: string, from: number): Promise<void> {
    this.address = address;
    const audio = (this.audio = new Audio(address));
    audio.volume = this.volume();
    audio.currentTime = from;
    audio.addEventListener('play', () => this.stateNow.set('playing'));
    audio.addEventListener('pause', () => this.audio === audio && this.stateNow.set('paused'));
    audio.addEventListener('timeupdate', () => this.audio === audio && this.at.set(audio.currentTime));
    audio.addEventListener('durationchange', () => this.audio === audio && this.length.set(audio.duration || 0));
    audio.addEventListener('ended', () => this.audio === audio && this.queue(this.following));
    await audio.play().catch((error: unknown) => {
      // A browser that wants a gesture first: the sound is there, and waits for one.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.stateNow.set('paused');
      else if (this.audio === audio) throw error;
    });
    this.tellSystem();
  }

  private tellSystem(): void {
    const media = navigator.mediaSession as MediaSession | undefined;
    const track = this.current();
    if (!media || !track) return;
    media.metadata = new MediaMetadata({ title: track.title, artist: track.author ?? 'Euterpe' });
    media.setActionHandler('play', () => void this.audio?.play());
    media.setActionHandler('pause', () => this.audio?.pause());
    media.setActionHandler('seekto', (details) => this.seek(details.seekTime ?? 0));
  }
}
