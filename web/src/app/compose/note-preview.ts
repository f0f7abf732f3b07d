import { Injectable, signal } from '@angular/core';
import { localPreferences } from '../core/local-preferences';
import { RollNote } from '../shared/midi/notes';

const STORAGE_KEY = 'euterpe.plucks';
const MAX_NOTES_PER_CALL = 3;
const NOTE_SPACING_SECONDS = 0.03;
const MAX_BACKLOG_SECONDS = 0.3;

/** Plays short tones for notes that have just been composed. */
@Injectable({ providedIn: 'root' })
export class NotePreview {
  readonly enabled = signal(localPreferences.get(STORAGE_KEY) !== 'off');
  private context: AudioContext | null = null;
  private nextOnset = 0;

  toggle(): void {
    this.enabled.update((enabled) => !enabled);
    localPreferences.set(STORAGE_KEY, this.enabled() ? null : 'off');
  }

  /** Create the audio context. Browsers allow sound only if this is called from a user gesture. */
  prepare(): void {
    if (!this.enabled()) return;
    this.context ??= new AudioContext();
    void this.context.resume();
  }

  play(notes: readonly RollNote[]): void {
    const context = this.context;
    if (!this.enabled() || !context || context.state !== 'running') return;
    const selected = notes.filter((_, index) => index % Math.ceil(notes.length / MAX_NOTES_PER_CALL) === 0);
    let onset = Math.max(context.currentTime, this.nextOnset);
    if (onset - context.currentTime > MAX_BACKLOG_SECONDS) return;
    for (const note of selected) {
      this.playTone(context, 440 * 2 ** ((note[2] - 69) / 12), onset);
      onset += NOTE_SPACING_SECONDS;
    }
    this.nextOnset = onset;
  }

  private playTone(context: AudioContext, frequency: number, onset: number): void {
    const tone = new OscillatorNode(context, { type: 'triangle', frequency });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, onset);
    gain.gain.linearRampToValueAtTime(0.06, onset + 0.005);
    gain.gain.exponentialRampToValueAtTime(0.0005, onset + 0.35);
    tone.connect(gain).connect(context.destination);
    tone.start(onset);
    tone.stop(onset + 0.4);
  }
}
