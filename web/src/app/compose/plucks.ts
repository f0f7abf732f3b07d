import { Injectable, signal } from '@angular/core';
import { localPreferences } from '../core/local-preferences';
import { RollNote } from '../shared/midi/notes';

const KEY = 'euterpe.plucks';
const MOST_AT_ONCE = 3;

/** Progress for the ear: a soft pluck for notes that have just been composed. */
@Injectable({ providedIn: 'root' })
export class Plucks {
  readonly on = signal(localPreferences.get(KEY) !== 'off');
  private context: AudioContext | null = null;
  private free = 0;

  toggle(): void {
    this.on.update((on) => !on);
    localPreferences.set(KEY, this.on() ? null : 'off');
  }

  /** To be called from a click, without which browsers stay silent. */
  prepare(): void {
    if (!this.on()) return;
    this.context ??= new AudioContext();
    void this.context.resume();
  }

  pluck(notes: readonly RollNote[]): void {
    const context = this.context;
    if (!this.on() || !context || context.state !== 'running') return;
    const spread = notes.filter((_, index) => index % Math.ceil(notes.length / MOST_AT_ONCE) === 0);
    let at = Math.max(context.currentTime, this.free);
    if (at - context.currentTime > 0.3) return;
    for (const note of spread) {
      this.sound(context, 440 * 2 ** ((note[2] - 69) / 12), at);
      at += 0.03;
    }
    this.free = at;
  }

  private sound(context: AudioContext, frequency: number, at: number): void {
    const tone = new OscillatorNode(context, { type: 'triangle', frequency });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.06, at + 0.005);
    gain.gain.exponentialRampToValueAtTime(0.0005, at + 0.35);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  }
}
