/** A note that was played: onset and duration in seconds, MIDI pitch and velocity. */
export interface PlayedNote {
  readonly onset: number;
  readonly duration: number;
  readonly pitch: number;
  readonly velocity: number;
}

const TICKS_PER_QUARTER = 480;
const TICKS_PER_SIXTEENTH = TICKS_PER_QUARTER / 4;

/** Return a standard MIDI file of played notes in sixteenths of a tempo. The first note is at its start. */
export function writeMidi(notes: readonly PlayedNote[], bpm: number): Uint8Array<ArrayBuffer> {
  const first = Math.min(...notes.map((note) => note.onset));
  const sixteenths = (seconds: number) => Math.round((seconds * bpm) / 15);
  const events: { tick: number; bytes: number[] }[] = [];
  for (const { onset, duration, pitch, velocity } of notes) {
    const begin = sixteenths(onset - first) * TICKS_PER_SIXTEENTH;
    const end = begin + Math.max(1, sixteenths(duration)) * TICKS_PER_SIXTEENTH;
    events.push({ tick: begin, bytes: [0x90, pitch, velocity] }, { tick: end, bytes: [0x80, pitch, 0] });
  }
  // Of events at the same time, ends come first: a key can be struck again.
  events.sort((a, b) => a.tick - b.tick || (a.bytes[0] ?? 0) - (b.bytes[0] ?? 0));
  const microseconds = Math.round(60_000_000 / bpm);
  const track = [0, 0xff, 0x51, 3, (microseconds >> 16) & 255, (microseconds >> 8) & 255, microseconds & 255];
  let tick = 0;
  for (const event of events) {
    track.push(...variableLength(event.tick - tick), ...event.bytes);
    tick = event.tick;
  }
  track.push(0, 0xff, 0x2f, 0);
  const head = [0x4d, 0x54, 0x68, 0x64, 0, 0, 0, 6, 0, 0, 0, 1, TICKS_PER_QUARTER >> 8, TICKS_PER_QUARTER & 255];
  const length = [24, 16, 8, 0].map((shift) => (track.length >> shift) & 255);
  return new Uint8Array([...head, 0x4d, 0x54, 0x72, 0x6b, ...length, ...track]);
}

function variableLength(value: number): number[] {
  const bytes = [value & 127];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 127) | 128);
  return bytes;
}
