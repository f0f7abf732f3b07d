import { readMidi } from './read-midi';

const bytes = (...values: number[]) => new Uint8Array(values).buffer;
const text = (word: string) => [...word].map((letter) => letter.charCodeAt(0));

function file(...events: number[]): ArrayBuffer {
  const head = [...text('MThd'), 0, 0, 0, 6, 0, 0, 0, 1, 0, 96];
  return bytes(...head, ...text('MTrk'), 0, 0, 0, events.length, ...events);
}

describe('readMidi', () => {
  it('reads notes with tempo changes and running status', () => {
    const notes = readMidi(
      file(
        ...[0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40], // 60 quarters a minute
        ...[0, 0x90, 60, 100, 96, 64, 80, 0, 60, 0], // C for one quarter; E begins when it ends
        ...[0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20], // 120 from here
        ...[0x60, 0x80, 64, 0],
        ...[0, 0xff, 0x2f, 0],
      ),
    );
    expect(notes).toEqual([
      [0, 1, 60, 100, 0],
      [1, 0.5, 64, 80, 0],
    ]);
  });

  it('throws if the data is no MIDI file', () => {
    expect(() => readMidi(bytes(...text('RIFF0000000000')))).toThrow(RangeError);
    expect(() => readMidi(bytes())).toThrow(RangeError);
  });

  it('ends notes without a note-off event at the end of the track', () => {
    expect(readMidi(file(0, 0x91, 60, 100, 96, 0xff, 0x2f, 0))).toEqual([[0, 0.5, 60, 100, 1]]);
  });
});
