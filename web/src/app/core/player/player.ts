import { Injectable, Signal, computed, inject, signal } from '@angular/core';
import { Api } from '../api/api';
import { Problem } from '../api/problem';
import { loadWithRetry } from '../backoff';
import type { AudioFile } from './audio-file';
import { instrumentFiles } from './instruments';
import { Sequence, SequenceTrack } from './sequence';
import type { Loop, SequencePlayer, TrackMix } from './sequence-player';
import type { Synthesizer } from './synthesizer';

/** A piece that can be played. */
export interface Track {
  /** Unique: the id of the song, or another key. */
  readonly id: string;
  readonly title: string;
  readonly author?: string;
  /** Loads the MIDI file for the synthesiser; null for none, default: the song's. */
  readonly midi?: (() => Promise<ArrayBuffer>) | null;
  /** The notes of a piece in progress. */
  readonly sequence?: Sequence;
  /** The URL of the audio; default: the song's MP3 of the converter. */
  readonly url?: string;
  /** Loads the audio of a track that has no URL. */
  readonly load?: (signal: AbortSignal) => Promise<Response>;
  readonly durationSeconds?: number | null;
  /** The route of the piece's page. */
  readonly link?: readonly string[];
}

export type PlayerState = 'idle' | 'loading' | 'playing' | 'paused' | 'failed';
export type Repeat = 'off' | 'all' | 'one';

export const MIN_TEMPO = 0.25;
export const MAX_TEMPO = 2;
const POSITION_INTERVAL_MS = 100;
const MIN_LOOP_SECONDS = 0.2;
/** The channel of keys that the user plays; few pieces have so many tracks. */
const KEY_CHANNEL = 14;
/** Within this time, "previous" plays the track before; later, the current one from its start. */
const PREVIOUS_SECONDS = 3;

/**
 * Plays one track at a time; playback continues across page changes. Pieces are played by a synthesiser in the page, or
 * as audio of the server where the browser has no AudioWorklet or the SoundFont cannot be loaded.
 */
@Injectable({ providedIn: 'root' })
export class Player {
  private readonly api = inject(Api);
  private context: AudioContext | null = null;
  private starting: Promise<Synthesizer> | null = null;
  private sequencePlayer: SequencePlayer | null = null;
  private audio: AudioFile | null = null;
  private request: AbortController | null = null;
  private positionTimer = 0;
  /** Whether the current track has been played to its end; playing it again begins at its start. */
  private isAtEnd = false;
  /** Whether the user has paused while the track was loading; playing it then loads it. */
  private isLoadingCancelled = false;
  /** Where the synthesiser continues, if the position was set while it was paused. */
  private pausedPosition: number | null = null;
  private queue: readonly Track[] = [];
  private readonly queueIndex = signal(0);
  private readonly queueLength = signal(0);
  private readonly currentTrack = signal<Track | null>(null);
  private readonly playerState = signal<PlayerState>('idle');
  private readonly currentPosition = signal(0);
  private readonly totalDuration = signal(0);

  readonly track = this.currentTrack.asReadonly();
  readonly state = this.playerState.asReadonly();
  /** In seconds, updated several times per second; animations read `exactPosition`. */
  readonly position = this.currentPosition.asReadonly();
  readonly duration = this.totalDuration.asReadonly();
  readonly problem = signal<Problem | null>(null);
  /** The share of the server's audio that has arrived; null if it is unknown. */
  readonly loadProgress = signal<number | null>(null);
  readonly volume = signal(1);
  /** The factor by which playback is faster than the piece. */
  readonly tempo = signal(1);
  readonly loop = signal<Loop | null>(null);
  /** The start of a loop whose end is not set yet. */
  readonly loopStart = signal<number | null>(null);
  readonly repeat = signal<Repeat>('off');
  readonly metronome = signal(false);
  /** The instruments of the current track; empty if the server's audio is played. */
  readonly instruments = signal<readonly SequenceTrack[]>([]);
  readonly mix = signal<readonly TrackMix[]>([]);
  readonly isPlaying = computed(() => this.playerState() === 'playing');
  readonly isSynthesized = computed(() => this.instruments().length > 0);
  readonly hasNext = computed(() => this.queueIndex() + 1 < this.queueLength() || this.repeat() === 'all');
  readonly hasQueue = computed(() => this.queueLength() > 1);

  exactPosition(): number {
    if (this.isLoadingCancelled) return this.currentPosition();
    if (this.audio) return this.audio.position;
    if (this.isAtEnd) return this.totalDuration();
    return this.pausedPosition ?? (this.isSynthesized() ? (this.sequencePlayer?.position ?? 0) : 0);
  }

  isCurrent(id: string | null | undefined): boolean {
    return id != null && this.currentTrack()?.id === id;
  }

  /**
   * Create the audio context and load the synthesiser and these instruments. Browsers allow sound only if this is
   * called from a user gesture. Never throws.
   */
  prepare(tracks: readonly { program: number; isDrum: boolean }[]): void {
    if (!this.canSynthesize()) return;
    void this.audioContext().resume();
    void this.synthesizer()
      .then((synthesizer) => synthesizer.load(instrumentFiles({ tracks: tracks as SequenceTrack[], controls: [] })))
      .catch(() => undefined);
  }

  /** Sound a piano key until it is released, for music that the user plays. */
  pressKey(pitch: number, velocity: number): void {
    void this.starting
      ?.then((synthesizer) => synthesizer.send(KEY_CHANNEL, [0x90, pitch, velocity]))
      .catch(() => undefined);
  }

  releaseKey(pitch: number): void {
    void this.starting?.then((synthesizer) => synthesizer.send(KEY_CHANNEL, [0x80, pitch, 0])).catch(() => undefined);
  }

  /** Play a track from its start, or pause or resume it if it is the current one. */
  async toggle(track: Track): Promise<void> {
    if (!this.isCurrent(track.id) || this.playerState() === 'failed') return void (await this.play(track));
    if (this.playerState() === 'playing' || this.playerState() === 'loading') this.pause();
    else await this.resume();
  }

  toggleCurrent(): void {
    const track = this.currentTrack();
    if (track) void this.toggle(track);
  }

  /** Play tracks one after the other. */
  playAll(tracks: readonly Track[]): void {
    void this.playQueue(tracks, 0);
  }

  /** Returns whether it is playing: a piece in progress has no audio that could replace the synthesiser. */
  async play(track: Track, positionSeconds = 0): Promise<boolean> {
    await this.playQueue([track], 0, positionSeconds);
    return this.isCurrent(track.id);
  }

  next(): void {
    if (this.hasNext()) void this.playQueue(this.queue, (this.queueIndex() + 1) % this.queue.length);
  }

  previous(): void {
    if (this.exactPosition() > PREVIOUS_SECONDS || this.queueIndex() === 0) this.seek(0);
    else void this.playQueue(this.queue, this.queueIndex() - 1);
  }

  seek(seconds: number): void {
    const position = Math.max(0, Math.min(seconds, this.totalDuration() || seconds));
    if (this.isAtEnd) return void this.playQueue(this.queue, this.queueIndex(), position);
    if (this.isLoadingCancelled) return this.currentPosition.set(position);
    if (this.audio) this.audio.seek(position);
    else if (this.playerState() === 'paused') this.pausedPosition = position;
    else void this.sequencePlayer?.seek(position);
    this.currentPosition.set(position);
  }

  setVolume(volume: number): void {
    this.volume.set(volume);
    this.audio?.setVolume(volume);
    void this.starting?.then((synthesizer) => synthesizer.setVolume(volume)).catch(() => undefined);
  }

  setTempo(tempo: number): void {
    this.tempo.set(Math.min(MAX_TEMPO, Math.max(MIN_TEMPO, tempo)));
    this.applySettings();
  }

  markLoopStart(): void {
    this.setLoop(null);
    this.loopStart.set(this.exactPosition());
  }

  /** Play from the start of the loop, or of the piece, to the current position, again and again. */
  markLoopEnd(): void {
    const [start, end] = [this.loopStart() ?? this.loop()?.start ?? 0, this.exactPosition()];
    if (end - start < MIN_LOOP_SECONDS) return;
    this.setLoop({ start, end });
    this.seek(start);
  }

  setLoop(loop: Loop | null): void {
    this.loopStart.set(null);
    this.loop.set(loop);
    this.applySettings();
  }

  setMetronome(isOn: boolean): void {
    this.metronome.set(isOn);
    this.applySettings();
  }

  setMix(track: number, change: Partial<TrackMix>): void {
    this.mix.update((all) => all.map((mix, index) => (index === track ? { ...mix, ...change } : mix)));
    this.applySettings();
  }

  /** Replace the current track, a piece that has been composed meanwhile, without interrupting it. */
  async complete(id: string, track: Track): Promise<void> {
    if (!this.isCurrent(id)) return;
    this.currentTrack.set(track);
    this.queue = this.queue.map((queued) => (queued.id === id ? track : queued));
    this.totalDuration.set(track.durationSeconds ?? this.totalDuration());
    if (!track.midi) return;
    try {
      const { midiSequence } = await import('./midi-sequence');
      const sequence = midiSequence(await track.midi());
      if (!this.isCurrent(track.id) || !this.isSynthesized()) return;
      await (await this.synthesizer()).load(instrumentFiles(sequence));
      this.sequencePlayer?.replace(sequence);
      this.setInstruments(sequence.tracks);
      this.totalDuration.set(sequence.duration);
    } catch {
      // The notes that were streamed are played to their end; they are those of the file.
    }
  }

  /** Show another title for a track. */
  rename(id: string, title: string): void {
    const rename = (track: Track) => (track.id === id ? { ...track, title } : track);
    this.queue = this.queue.map(rename);
    this.currentTrack.update((track) => track && rename(track));
  }

  /** Report that notes were added to the sequence of the current track. */
  grow(id: string): void {
    const sequence = this.currentTrack()?.sequence;
    if (!this.isCurrent(id) || !sequence) return;
    this.totalDuration.set(sequence.duration);
    if (sequence.tracks.length !== this.instruments().length) this.setInstruments(sequence.tracks);
  }

  close(): void {
    this.stop();
    this.queue = [];
    this.queueLength.set(0);
    this.currentTrack.set(null);
    this.playerState.set('idle');
  }

  private async playQueue(queue: readonly Track[], index: number, positionSeconds = 0): Promise<void> {
    const track = queue[index];
    this.stop();
    this.queue = queue;
    this.queueLength.set(queue.length);
    this.queueIndex.set(index);
    this.currentTrack.set(track ?? null);
    if (!track) return this.playerState.set('idle');
    const request = (this.request = new AbortController());
    this.playerState.set('loading');
    this.totalDuration.set(track.durationSeconds ?? 0);
    this.currentPosition.set(positionSeconds);
    try {
      if (this.canSynthesize() && track.midi !== null) {
        try {
          await this.startSynthesizer(track, positionSeconds, request.signal);
          return;
        } catch (error) {
          if (request.signal.aborted) return;
          // Errors of the API concern the audio, too.
          if (error instanceof Problem) throw error;
          this.instruments.set([]);
          if (track.sequence) return this.close();
        }
      }
      await this.startAudio(track, positionSeconds, request.signal);
    } catch (error) {
      if (request.signal.aborted) return;
      this.problem.set(Problem.from(error));
      this.playerState.set('failed');
    }
  }

  private stop(): void {
    this.isAtEnd = false;
    this.isLoadingCancelled = false;
    this.pausedPosition = null;
    this.request?.abort();
    clearInterval(this.positionTimer);
    void this.sequencePlayer?.stop();
    this.audio?.close();
    this.audio = null;
    this.instruments.set([]);
    this.loop.set(null);
    this.loopStart.set(null);
    this.sequencePlayer?.setLoop(null);
    this.problem.set(null);
    this.loadProgress.set(null);
    this.currentPosition.set(0);
  }

  private pause(): void {
    if (this.playerState() === 'loading') {
      this.request?.abort();
      this.isLoadingCancelled = true;
    } else if (this.audio) this.audio.pause();
    else void this.context?.suspend().then(() => this.updateState());
    this.playerState.set('paused');
  }

  private async resume(): Promise<void> {
    if (this.isAtEnd) return this.playQueue(this.queue, this.queueIndex());
    if (this.isLoadingCancelled) return this.playQueue(this.queue, this.queueIndex(), this.currentPosition());
    if (this.audio) return this.audio.play();
    await this.context?.resume();
    if (this.pausedPosition !== null) await this.sequencePlayer?.seek(this.pausedPosition);
    this.pausedPosition = null;
    this.updateState();
  }

  /** Whether this browser can run the synthesiser. */
  canSynthesize(): boolean {
    return 'AudioWorkletNode' in window && window.isSecureContext;
  }

  private audioContext(): AudioContext {
    this.context ??= new AudioContext({ latencyHint: 'interactive' });
    return this.context;
  }

  private synthesizer(): Promise<Synthesizer> {
    const context = this.audioContext();
    this.starting ??= loadWithRetry(() => import('./synthesizer'))
      .then((module) => module.Synthesizer.create(context))
      .then((synthesizer) => {
        synthesizer.setVolume(this.volume());
        return synthesizer;
      });
    return this.starting;
  }

  private async startSynthesizer(track: Track, positionSeconds: number, signal: AbortSignal): Promise<void> {
    const context = this.audioContext();
    // Not awaited: it stays pending while the browser requires a user gesture.
    void context.resume().then(() => this.updateState());
    const [synthesizer, { SequencePlayer }, sequence] = await Promise.all([
      this.synthesizer(),
      import('./sequence-player'),
      track.sequence ?? this.loadSequence(track, signal),
    ]);
    await synthesizer.load(instrumentFiles(sequence));
    if (signal.aborted) return;
    this.sequencePlayer ??= new SequencePlayer(synthesizer);
    this.sequencePlayer.onEnded = () => this.ended();
    this.applySettings();
    await this.sequencePlayer.start(sequence, positionSeconds);
    if (signal.aborted) {
      // Another track that is loading meanwhile stops this one itself.
      if (this.request?.signal === signal) void this.sequencePlayer.stop();
      return;
    }
    this.setInstruments(sequence.tracks);
    this.totalDuration.set(sequence.duration);
    this.playerState.set(context.state === 'running' ? 'playing' : 'paused');
    this.positionTimer = window.setInterval(() => this.updatePosition(), POSITION_INTERVAL_MS);
    this.updateMediaSession();
  }

  private async loadSequence(track: Track, signal: AbortSignal): Promise<Sequence> {
    const load =
      track.midi ?? (async () => (await this.api.fetch(`/api/v1/songs/${track.id}/midi`, { signal })).arrayBuffer());
    const [{ midiSequence }, buffer] = await Promise.all([import('./midi-sequence'), load()]);
    return midiSequence(buffer);
  }

  private setInstruments(tracks: readonly SequenceTrack[]): void {
    this.instruments.set(tracks);
    this.mix.set(tracks.map((_, index) => this.mix()[index] ?? { volume: 1, isMuted: false, isSolo: false }));
  }

  private async startAudio(track: Track, positionSeconds: number, signal: AbortSignal): Promise<void> {
    const url = track.url ?? `/api/v1/audio/${track.id}.mp3?bitrate=128`;
    const [{ AudioFile }, response] = await Promise.all([
      import('./audio-file'),
      track.load?.(signal) ?? this.api.fetch(url, { signal }),
    ]);
    if (signal.aborted) return;
    const audio = (this.audio = new AudioFile(track.durationSeconds ?? null));
    audio.onState = (state) => this.playerState.set(state);
    audio.onPosition = (seconds) => this.currentPosition.set(seconds);
    audio.onDuration = (seconds) => this.totalDuration.set(seconds);
    audio.onEnded = () => this.ended();
    audio.setVolume(this.volume());
    this.applySettings();
    await audio.start(response, positionSeconds, (share) => this.loadProgress.set(share));
    this.updateMediaSession();
  }

  private applySettings(): void {
    this.audio?.setRate(this.tempo());
    this.audio?.setLoop(this.loop());
    this.sequencePlayer?.setRate(this.tempo());
    this.sequencePlayer?.setLoop(this.loop());
    this.sequencePlayer?.setMetronome(this.metronome());
    this.sequencePlayer?.setMix(this.mix());
  }

  private updateState(): void {
    if (this.audio || this.isAtEnd || this.isLoadingCancelled || !this.isSynthesized()) return;
    this.playerState.set(this.context?.state === 'running' ? 'playing' : 'paused');
  }

  private updatePosition(): void {
    if (this.isPlaying()) this.currentPosition.set(this.exactPosition());
  }

  private ended(): void {
    const track = this.currentTrack();
    if (track && this.repeat() === 'one') void this.playQueue(this.queue, this.queueIndex());
    else if (this.hasNext()) this.next();
    else {
      this.audio?.pause();
      void this.sequencePlayer?.stop();
      clearInterval(this.positionTimer);
      this.currentPosition.set(this.totalDuration());
      this.isAtEnd = true;
      this.playerState.set('paused');
    }
  }

  private updateMediaSession(): void {
    const media = navigator.mediaSession as MediaSession | undefined;
    const track = this.currentTrack();
    if (!media || !track) return;
    media.metadata = new MediaMetadata({ title: track.title, artist: track.author ?? 'Euterpe' });
    media.setActionHandler('play', () => void this.resume());
    media.setActionHandler('pause', () => this.pause());
    media.setActionHandler('nexttrack', this.hasQueue() ? () => this.next() : null);
    media.setActionHandler('previoustrack', () => this.previous());
    media.setActionHandler('seekto', (details) => this.seek(details.seekTime ?? 0));
  }
}

/** The playback of one track: its state in the player, and its controls. Needs an injection context or the player. */
export class Playback {
  /** Whether the track is the current one of the player. */
  readonly isCurrent = computed(() => this.player.isCurrent(this.track()?.id));
  readonly isLoading = computed(() => this.isCurrent() && this.player.state() === 'loading');
  /** Whether it plays, or will as soon as it is loaded. */
  readonly isPlaying = computed(() => this.isLoading() || (this.isCurrent() && this.player.isPlaying()));
  /** The position in seconds, updated a few times per second. */
  readonly position = computed(() => (this.isCurrent() ? this.player.position() : 0));

  /** `track` is null while there is nothing to play. */
  constructor(
    readonly track: Signal<Track | null>,
    private readonly player = inject(Player),
  ) {}

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
