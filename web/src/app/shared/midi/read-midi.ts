import { RollNote } from './notes';

interface Tempo {
  readonly tick: number;
  readonly microseconds: number;
}

interface Timed {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  readonly velocity: number;
  readonly part: number;
}

/** The notes of a standard MIDI file, in seconds, by onset. Raises RangeError for anything else. */
export function readMidi(buffer: ArrayBuffer): RollNote[] {
  const view = new DataView(buffer);
  if (buffer.byteLength < 14 || view.getUint32(0) !== 0x4d546864) throw new RangeError('not a MIDI file');
  const tracks = view.getUint16(10);
  const division = view.getUint16(12);
  const notes: Timed[] = [];
  const tempos: Tempo[] = [];
  let at = 8 + view.getUint32(4);
  for (let track = 0; track < tracks && at + 8 <= buffer.byteLength; track++) {
    const length = view.getUint32(at + 4);
    new TrackReader(view, at + 8, Math.min(at + 8 + length, buffer.byteLength), track, notes, tempos).read();
    at += 8 + length;
  }
  const seconds = clock(tempos, division);
  return notes
    .map((note): RollNote => {
      const onset = seconds(note.start);
      return [onset, seconds(note.end) - onset, note.pitch, note.velocity, note.part];
    })
    .sort((a, b) => a[0] - b[0] || a[2] - b[2]);
}

class TrackReader {
  private tick = 0;
  private status = 0;
  private readonly held = new Map<number, { start: number; velocity: number }>();

  constructor(
    private readonly view: DataView,
    private at: number,
    private readonly end: number,
    private readonly track: number,
    private readonly notes: Timed[],
    private readonly tempos: Tempo[],
  ) {}

  read(): void {
    while (this.at < this.end) {
      this.tick += this.variable();
      const byte = this.view.getUint8(this.at);
      if (byte === 0xff) this.meta();
      else if (byte === 0xf0 || byte === 0xf7) this.skipExclusive();
      else this.channel(byte);
    }
    for (const key of [...this.held.keys()]) this.release(key);
  }

  private channel(byte: number): void {
    if (byte & 0x80) {
      this.status = byte;
      this.at++;
    }
    const kind = this.status >> 4;
    const first = this.view.getUint8(this.at++);
    const second = kind === 0xc || kind === 0xd ? 0 : this.view.getUint8(this.at++);
    const key = ((this.status & 15) << 7) | first;
    if (kind === 9 || kind === 8) this.release(key);
    if (kind === 9 && second > 0) this.held.set(key, { start: this.tick, velocity: second });
  }

  private release(key: number): void {
    const held = this.held.get(key);
    if (!held) return;
    this.held.delete(key);
    this.notes.push({ ...held, end: this.tick, pitch: key & 127, part: this.track * 16 + (key >> 7) });
  }

  private meta(): void {
    const kind = this.view.getUint8(this.at + 1);
    this.at += 2;
    const length = this.variable();
    if (kind === 0x51 && length === 3) {
      const microseconds = (this.view.getUint16(this.at) << 8) | this.view.getUint8(this.at + 2);
      this.tempos.push({ tick: this.tick, microseconds });
    }
    this.at += length;
  }

  private skipExclusive(): void {
    this.at++;
    const length = this.variable();
    this.at += length;
  }

  private variable(): number {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const byte = this.view.getUint8(this.at++);
      value = (value << 7) | (byte & 127);
      if (byte < 128) break;
    }
    return value;
  }
}

/** Ticks to seconds, through all changes of tempo. */
function clock(tempos: Tempo[], division: number): (tick: number) => number {
  if (division & 0x8000) {
    const perSecond = (256 - (division >> 8)) * (division & 255) || 1;
    return (tick) => tick / perSecond;
  }
  const changes = [{ tick: 0, microseconds: 500_000 }, ...tempos.sort((a, b) => a.tick - b.tick)];
  const marks: { tick: number; seconds: number; rate: number }[] = [];
  for (const change of changes) {
    const last = marks.at(-1);
    const seconds = last ? last.seconds + (change.tick - last.tick) * last.rate : 0;
    marks.push({ tick: change.tick, seconds, rate: change.microseconds / 1e6 / (division || 1) });
  }
  return (tick) => {
    let mark = marks[0] as (typeof marks)[number];
    for (const candidate of marks) if (candidate.tick <= tick) mark = candidate;
    return mark.seconds + (tick - mark.tick) * mark.rate;
  };
}
