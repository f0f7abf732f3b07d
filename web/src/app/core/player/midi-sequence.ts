import { BasicMIDI } from 'spessasynth_core';
import { Beat, ControlMessage, Sequence, SequenceNote, SequenceTrack } from './sequence';

const DRUM_CHANNEL = 9;
const NOTE_OFF = 0x80;
const NOTE_ON = 0x90;
const CONTROL_CHANGE = 0xb0;
const PROGRAM_CHANGE = 0xc0;
const PITCH_BEND = 0xe0;
const METER = 0x58;
const MAX_BEATS = 20_000;

interface OpenNote {
  readonly onset: number;
  readonly velocity: number;
}

/** Return the sequence of a standard MIDI file. Every channel of a track becomes a track. Throws an Error for other data. */
export function midiSequence(buffer: ArrayBuffer): Sequence {
  const midi = BasicMIDI.fromArrayBuffer(buffer.slice(0));
  const seconds = (ticks: number) => midi.midiTicksToSeconds(ticks);
  const notes: SequenceNote[] = [];
  const controls: ControlMessage[] = [];
  const tracks: SequenceTrack[] = [];
  let end = 0;
  for (const source of midi.tracks) {
    const indices = new Map<number, number>();
    const programs = new Map<number, number>();
    const open = new Map<number, OpenNote>();
    const trackControls: { channel: number; time: number; bytes: readonly number[] }[] = [];
    const close = (key: number, time: number) => {
      const note = open.get(key);
      if (!note) return;
      open.delete(key);
      const duration = Math.max(0, time - note.onset);
      const track = indices.get(key >> 7) ?? 0;
      notes.push({ onset: note.onset, duration, pitch: key & 127, velocity: note.velocity, track });
      end = Math.max(end, time);
    };
    let time = 0;
    for (const event of source.events) {
      if (event.statusByte < NOTE_OFF || event.statusByte >= 0xf0) continue;
      const [kind, channel] = [event.statusByte & 0xf0, event.statusByte & 15];
      const [first = 0, second = 0] = event.data;
      time = seconds(event.ticks);
      const key = (channel << 7) | first;
      if (kind === NOTE_ON || kind === NOTE_OFF) close(key, time);
      if (kind === NOTE_ON && second > 0) {
        if (!indices.has(channel)) {
          indices.set(channel, tracks.length);
          const isDrum = channel === DRUM_CHANNEL;
          tracks.push({ name: source.name, program: programs.get(channel) ?? 0, isDrum });
        }
        open.set(key, { onset: time, velocity: second });
      } else if (kind === PROGRAM_CHANGE) {
        if (!programs.has(channel)) programs.set(channel, first);
        trackControls.push({ channel, time, bytes: [PROGRAM_CHANGE, first] });
      } else if (kind === CONTROL_CHANGE || kind === PITCH_BEND) {
        trackControls.push({ channel, time, bytes: [kind, first, second] });
      }
    }
    for (const key of [...open.keys()]) close(key, time);
    for (const { channel, ...control } of trackControls) {
      const track = indices.get(channel);
      if (track !== undefined) controls.push({ ...control, track });
    }
  }
  notes.sort((a, b) => a.onset - b.onset);
  controls.sort((a, b) => a.time - b.time);
  return { notes, controls, tracks, beats: beatsOf(midi, end), duration: end, isComplete: true };
}

/** Return the beats until `end` seconds, as the meters of the file have them; 4/4 without one. */
function beatsOf(midi: BasicMIDI, end: number): Beat[] {
  const meters: { ticks: number; beats: number; unit: number }[] = [];
  for (const track of midi.tracks) {
    for (const { ticks, statusByte, data } of track.events)
      if (statusByte === METER) meters.push({ ticks, beats: data[0] || 4, unit: 2 ** (data[1] ?? 2) });
  }
  meters.sort((a, b) => a.ticks - b.ticks);
  if (meters[0]?.ticks !== 0) meters.unshift({ ticks: 0, beats: 4, unit: 4 });
  const beats: Beat[] = [];
  for (const [index, meter] of meters.entries()) {
    const until = meters[index + 1]?.ticks ?? Number.POSITIVE_INFINITY;
    // A beat of 6/8, 9/8 and 12/8 is a dotted quarter.
    const isCompound = meter.unit >= 8 && meter.beats > 3 && meter.beats % 3 === 0;
    const beatsPerBar = isCompound ? meter.beats / 3 : meter.beats;
    const length = (midi.timeDivision * 4 * (isCompound ? 3 : 1)) / meter.unit;
    for (let beat = 0; beats.length < MAX_BEATS; beat++) {
      const ticks = meter.ticks + beat * length;
      if (ticks >= until) break;
      const time = midi.midiTicksToSeconds(Math.round(ticks));
      if (time > end) return beats;
      beats.push({ time, isDownbeat: beat % beatsPerBar === 0 });
    }
  }
  return beats;
}
