import { loadedProgram } from './instruments';
import { Sequence, firstAtOrAfter } from './sequence';
import { Synthesizer } from './synthesizer';

const TICK_MS = 25;
/** How far ahead messages are sent. Timers of hidden pages run once per second. */
const LOOKAHEAD_SECONDS = 0.12;
const HIDDEN_LOOKAHEAD_SECONDS = 1.5;
const START_DELAY_SECONDS = 0.02;
/** After this time beyond that of a message, the synthesiser has processed it. */
const PASS_SECONDS = 0.02;
const TAIL_SECONDS = 0.8;
/** A note that began before the start of playback is played if this much of it remains. */
const MIN_REMAINDER_SECONDS = 0.25;

interface Anchor {
  readonly contextTime: number;
  readonly position: number;
}

interface NoteEnd {
  time: number;
  readonly channel: number;
  readonly pitch: number;
}

export interface Loop {
  readonly start: number;
  readonly end: number;
}

export interface TrackMix {
  readonly volume: number;
  readonly isMuted: boolean;
  readonly isSolo: boolean;
}

/** Plays a sequence on the synthesiser: sends its messages shortly ahead of time. The sequence may grow meanwhile. */
export class SequencePlayer {
  /** Called when a complete sequence has ended. */
  onEnded: () => void = () => undefined;
  private sequence: Sequence | null = null;
  private anchors: Anchor[] = [];
  private scheduledPosition = 0;
  private scheduledTime = 0;
  private noteEnds: NoteEnd[] = [];
  private timer = 0;
  private rate = 1;
  private loop: Loop | null = null;
  private hasMetronome = false;
  private isStalled = false;
  private endTime: number | null = null;
  private configuredTracks = 0;
  /** Settles when the messages of what was stopped last have passed; what starts before would be silenced by them. */
  private stopping: Promise<void> = Promise.resolve();
  private mix: readonly TrackMix[] = [];

  constructor(private readonly synthesizer: Synthesizer) {}

  get position(): number {
    const now = this.now - (this.synthesizer.context.outputLatency || 0);
    const anchor = this.anchors.findLast((candidate) => candidate.contextTime <= now) ?? this.anchors[0];
    if (!anchor) return 0;
    const position = anchor.position + Math.max(0, now - anchor.contextTime) * this.rate;
    return Math.min(position, Math.max(this.scheduledPosition, anchor.position), this.sequence?.duration ?? 0);
  }

  /** Play a sequence from a position in seconds. */
  async start(sequence: Sequence, position: number): Promise<void> {
    await this.stop();
    this.sequence = sequence;
    this.configuredTracks = 0;
    this.begin(position);
  }

  async seek(position: number): Promise<void> {
    const { sequence } = this;
    if (!sequence) return;
    await this.start(sequence, position);
  }

  /** Replace a growing sequence by the complete one; the position stays. */
  replace(sequence: Sequence): void {
    this.sequence = sequence;
    this.configuredTracks = 0;
    this.tick();
  }

  /** Stop at once; resolves when messages that were sent ahead have passed. */
  stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.sequence) {
      this.sequence = null;
      this.stopping = this.silence();
    }
    return this.stopping;
  }

  setRate(rate: number): void {
    const [now, position] = [this.now, this.position];
    for (const end of this.noteEnds) end.time = now + ((end.time - now) * this.rate) / rate;
    if (this.anchors.length) {
      // What has been sent keeps its time; the new rate holds from there on.
      const time = Math.max(now, this.scheduledTime);
      this.anchors = [
        { contextTime: now, position },
        { contextTime: time, position: this.scheduledPosition },
      ];
    }
    this.rate = rate;
  }

  setLoop(loop: Loop | null): void {
    this.loop = loop;
  }

  setMetronome(isOn: boolean): void {
    this.hasMetronome = isOn;
  }

  setMix(mix: readonly TrackMix[]): void {
    this.mix = mix;
    const tracks = this.sequence?.tracks.length ?? 0;
    const hasSolo = mix.some((track) => track.isSolo);
    for (let track = 0; track < tracks; track++) {
      const { volume = 1, isMuted = false, isSolo = false } = mix[track] ?? {};
      this.synthesizer.setTrack(this.synthesizer.channel(track), volume, isMuted || (hasSolo && !isSolo));
    }
  }

  private get now(): number {
    return this.synthesizer.context.currentTime;
  }

  private async silence(): Promise<void> {
    this.synthesizer.hold();
    const end = this.scheduledTime + PASS_SECONDS;
    // The clock of the context is slower than timers on a busy machine.
    while (this.now < end && this.synthesizer.context.state === 'running')
      await new Promise((resolve) => setTimeout(resolve, (end - this.now) * 1000));
    this.synthesizer.release();
    this.noteEnds = [];
    this.anchors = [];
  }

  private begin(position: number): void {
    clearInterval(this.timer);
    this.scheduledPosition = position;
    this.scheduledTime = this.now + START_DELAY_SECONDS;
    this.anchors = [{ contextTime: this.scheduledTime, position }];
    this.isStalled = false;
    this.endTime = null;
    this.setUpTracks();
    this.chase(position, undefined);
    this.tick();
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
  }

  /** Select the instruments of tracks that are new. */
  private setUpTracks(): void {
    const tracks = this.sequence?.tracks ?? [];
    if (this.configuredTracks === tracks.length) return;
    for (const [index, track] of tracks.entries()) {
      if (index >= this.configuredTracks)
        this.synthesizer.setUp(this.synthesizer.channel(index), loadedProgram(track), track.isDrum);
    }
    this.configuredTracks = tracks.length;
    this.setMix(this.mix);
  }

  private tick(): void {
    const sequence = this.sequence;
    if (!sequence || this.synthesizer.context.state !== 'running') return;
    this.setUpTracks();
    const horizon = this.now + (document.hidden ? HIDDEN_LOOKAHEAD_SECONDS : LOOKAHEAD_SECONDS);
    for (let turn = 0; turn < 20 && this.endTime === null; turn++) {
      const loop = this.loop && this.scheduledPosition < this.loop.end ? this.loop : null;
      const limit = Math.min(loop?.end ?? Number.POSITIVE_INFINITY, sequence.duration);
      const isLoopEnd = loop !== null && (sequence.isComplete || limit === loop.end);
      if (this.isStalled && limit > this.scheduledPosition) this.resume();
      const target = Math.min(this.positionAt(horizon), limit);
      if (target > this.scheduledPosition) this.schedule(sequence, this.scheduledPosition, target);
      if (target < limit) break;
      if (isLoopEnd) {
        this.jump(loop.start, this.timeAt(limit));
      } else {
        if (sequence.isComplete) this.endTime = this.timeAt(limit) + TAIL_SECONDS / 2;
        else this.isStalled = true;
        break;
      }
    }
    this.sendNoteEnds(horizon);
    this.scheduledTime = Math.max(this.scheduledTime, horizon);
    const obsolete = this.anchors.findLastIndex((anchor) => anchor.contextTime < this.now - 1);
    if (obsolete > 0) this.anchors.splice(0, obsolete);
    if (this.endTime !== null && this.now >= this.endTime) {
      clearInterval(this.timer);
      this.onEnded();
    }
  }

  /** Continue after waiting for notes that had not been composed yet. */
  private resume(): void {
    this.isStalled = false;
    this.anchors.push({ contextTime: Math.max(this.now, this.scheduledTime), position: this.scheduledPosition });
  }

  private jump(position: number, time: number): void {
    for (const end of this.noteEnds) end.time = Math.min(end.time, time);
    this.sendNoteEnds(time);
    this.anchors.push({ contextTime: time, position });
    this.scheduledPosition = position;
    this.chase(position, time);
  }

  private positionAt(contextTime: number): number {
    const anchor = this.anchors.at(-1);
    return anchor ? anchor.position + (contextTime - anchor.contextTime) * this.rate : 0;
  }

  private timeAt(position: number): number {
    const anchor = this.anchors.at(-1);
    return anchor ? anchor.contextTime + (position - anchor.position) / this.rate : this.now;
  }

  private schedule(sequence: Sequence, from: number, to: number): void {
    const { notes, controls, beats } = sequence;
    for (let i = firstAtOrAfter(controls, from, (control) => control.time); i < controls.length; i++) {
      const control = controls[i];
      if (!control || control.time >= to) break;
      this.sendControl(control.track, control.bytes, this.timeAt(control.time));
    }
    for (let i = firstAtOrAfter(notes, from, (note) => note.onset); i < notes.length; i++) {
      const note = notes[i];
      if (!note || note.onset >= to) break;
      this.startNote(note.track, note.pitch, note.velocity, this.timeAt(note.onset), note.duration);
    }
    if (this.hasMetronome) {
      for (let i = firstAtOrAfter(beats, from, (beat) => beat.time); i < beats.length; i++) {
        const beat = beats[i];
        if (!beat || beat.time >= to) break;
        this.synthesizer.click(this.timeAt(beat.time), beat.isDownbeat);
      }
    }
    this.scheduledPosition = to;
  }

  private startNote(track: number, pitch: number, velocity: number, time: number, duration: number): void {
    // The key may still sound: its end must come first.
    this.sendNoteEnds(time);
    const channel = this.synthesizer.channel(track);
    this.synthesizer.send(channel, [0x90, pitch, velocity], time);
    this.noteEnds.push({ time: time + duration / this.rate, channel, pitch });
  }

  private sendNoteEnds(until: number): void {
    if (!this.noteEnds.some((end) => end.time <= until)) return;
    this.noteEnds.sort((a, b) => a.time - b.time);
    while (this.noteEnds[0] && this.noteEnds[0].time <= until) {
      const end = this.noteEnds.shift() as NoteEnd;
      this.synthesizer.send(end.channel, [0x80, end.pitch, 0], end.time);
    }
  }

  private sendControl(track: number, bytes: readonly number[], time: number | undefined): void {
    const program = this.sequence?.tracks[track];
    const isProgram = bytes[0] === 0xc0 && program !== undefined;
    const sent = isProgram ? [0xc0, loadedProgram({ ...program, program: bytes[1] ?? 0 })] : bytes;
    this.synthesizer.send(this.synthesizer.channel(track), sent, time);
  }

  /** Send the controls that hold at a position, and the notes that sound there. */
  private chase(position: number, time: number | undefined): void {
    const { controls, notes } = this.sequence ?? { controls: [], notes: [] };
    const latest = new Map<string, (typeof controls)[number]>();
    for (let i = 0; i < firstAtOrAfter(controls, position, (control) => control.time); i++) {
      const control = controls[i];
      // Control changes are identified by their controller, other messages by their status.
      if (control)
        latest.set(`${control.track} ${control.bytes[0] === 0xb0 ? control.bytes[1] : control.bytes[0]}`, control);
    }
    for (const control of latest.values()) this.sendControl(control.track, control.bytes, time);
    if (position <= 0) return;
    for (let i = 0; i < firstAtOrAfter(notes, position, (note) => note.onset); i++) {
      const note = notes[i];
      const remainder = note ? note.onset + note.duration - position : 0;
      if (!note || remainder < MIN_REMAINDER_SECONDS || this.sequence?.tracks[note.track]?.isDrum) continue;
      this.startNote(note.track, note.pitch, note.velocity, time ?? this.scheduledTime, remainder);
    }
  }
}
