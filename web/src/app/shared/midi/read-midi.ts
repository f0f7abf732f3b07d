import { RollNote } from './notes';

interface Tempo {
  readonly tick: number;
  readonly microseconds: number;
}

interface TickNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  readonly velocity: number;
  readonly part: number;
}

/** Return the notes of a standard MIDI file, in order of onset. Throws RangeError if the data is no MIDI file. */
export function readMidi(buffer: ArrayBuffer): RollNote[] {
  const view = new DataView(buffer);
  if (buffer.byteLength < 14 || view.getUint32(0) !== 0x4d546864) throw new RangeError('not a MIDI file');
  const tracks = view.getUint16(10);
  const division = view.getUint16(12);
  const notes: TickNote[] = [];
  const tempos: Tempo[] = [];
  let offset = 8 + view.getUint32(4);
  for (let track = 0; track < tracks && offset + 8 <= buffer.byteLength; track++) {
    const length = view.getUint32(offset + 4);
    new TrackReader(view, offset + 8, Math.min(offset + 8 + length, buffer.byteLength), track, notes, tempos).read();
    offset += 8 + length;
  }
  const seconds = tickConverter(tempos, division);
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
  private readonly sounding = new Map<number, { start: number; velocity: number }>();

  constructor(
    private readonly view: DataView,
    private offset: number,
    private readonly end: number,
    private readonly track: number,
    private readonly notes: TickNote[],
    private readonly tempos: Tempo[],
  ) {}

  read(): void {
    while (this.offset < this.end) {
      this.tick += this.readVariableLength();
      const byte = this.view.getUint8(this.offset);
      if (byte === 0xff) this.readMetaEvent();
      else if (byte === 0xf0 || byte === 0xf7) this.skipSystemExclusive();
      else this.readChannelEvent(byte);
    }
    for (const key of [...this.sounding.keys()]) this.endNote(key);
  }

  private readChannelEvent(byte: number): void {
    if (byte & 0x80) {
      this.status = byte;
      this.offset++;
    }
    const kind = this.status >> 4;
    const first = this.view.getUint8(this.offset++);
    const second = kind === 0xc || kind === 0xd ? 0 : this.view.getUint8(this.offset++);
    const key = ((this.status & 15) << 7) | first;
    if (kind === 9 || kind === 8) this.endNote(key);
    if (kind === 9 && second > 0) this.sounding.set(key, { start: this.tick, velocity: second });
  }

  private endNote(key: number): void {
    const sounding = this.sounding.get(key);
    if (!sounding) return;
    this.sounding.delete(key);
    this.notes.push({ ...sounding, end: this.tick, pitch: key & 127, part: this.track * 16 + (key >> 7) });
  }

  private readMetaEvent(): void {
    const kind = this.view.getUint8(this.offset + 1);
    this.offset += 2;
    const length = this.readVariableLength();
    if (kind === 0x51 && length === 3) {
      const microseconds = (this.view.getUint16(this.offset) << 8) | this.view.getUint8(this.offset + 2);
      this.tempos.push({ tick: this.tick, microseconds });
    }
    this.offset += length;
  }

  private skipSystemExclusive(): void {
    this.offset++;
    const length = this.readVariableLength();
    this.offset += length;
  }

  private readVariableLength(): number {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const byte = this.view.getUint8(this.offset++);
      value = (value << 7) | (byte & 127);
      if (byte < 128) break;
    }
    return value;
  }
}

/** Return the function that converts ticks to seconds, through all tempo changes. */
function tickConverter(tempos: Tempo[], division: number): (tick: number) => number {
  if (division & 0x8000) {
    const perSecond = (256 - (division >> 8)) * (division & 255) || 1;
    return (tick) => tick / perSecond;
  }
  const changes = [{ tick: 0, microseconds: 500_000 }, ...tempos.sort((a, b) => a.tick - b.tick)];
  const segments: { tick: number; seconds: number; rate: number }[] = [];
  for (const change of changes) {
    const last = segments.at(-1);
    const seconds = last ? last.seconds + (change.tick - last.tick) * last.rate : 0;
    segments.push({ tick: change.tick, seconds, rate: change.microseconds / 1e6 / (division || 1) });
  }
  return (tick) => {
    let segment = segments[0] as (typeof segments)[number];
    for (const candidate of segments) if (candidate.tick <= tick) segment = candidate;
    return segment.seconds + (tick - segment.tick) * segment.rate;
  };
}
