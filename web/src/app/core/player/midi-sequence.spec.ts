import { instrumentFile, instrumentFiles } from './instruments';
import { midiSequence } from './midi-sequence';
import { LiveSequence } from './sequence';

const text = (word: string) => [...word].map((letter) => letter.charCodeAt(0));
const chunk = (name: string, ...content: number[]) => [
  ...text(name),
  ...[24, 16, 8, 0].map((shift) => (content.length >> shift) & 255),
  ...content,
];
const end = [0, 0xff, 0x2f, 0];

/** A bar of 6/8 at 60 quarters a minute, with a flute that has a pedal, and with drums. */
const file = new Uint8Array([
  ...chunk('MThd', 0, 1, 0, 3, 0, 96),
  ...chunk('MTrk', 0, 0xff, 0x58, 4, 6, 3, 36, 8, 0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, ...end),
  ...chunk(
    'MTrk',
    ...[0, 0xff, 3, 5, ...text('Flute')],
    ...[
      0, 0xc0, 73, 0, 0xb0, 64, 127, 0, 0x90, 72, 100, 0x81, 0x10, 0x90, 74, 90, 0x81, 0x10, 0x80, 74, 0, 0, 0x80, 72,
      0,
    ],
    ...end,
  ),
  ...chunk('MTrk', 0, 0xc9, 9, 48, 0x99, 38, 80, 48, 0x89, 38, 0, ...end),
]).buffer;

describe('midiSequence', () => {
  it('reads notes, instruments, controls and the beats of compound meters', () => {
    const sequence = midiSequence(file);
    expect(sequence.tracks).toEqual([
      { name: 'Flute', program: 73, isDrum: false },
      { name: '', program: 9, isDrum: true },
    ]);
    expect(sequence.notes).toEqual([
      { onset: 0, duration: 3, pitch: 72, velocity: 100, track: 0 },
      { onset: 0.5, duration: 0.5, pitch: 38, velocity: 80, track: 1 },
      { onset: 1.5, duration: 1.5, pitch: 74, velocity: 90, track: 0 },
    ]);
    expect(sequence.controls.map(({ bytes }) => bytes[0])).toEqual([0xc0, 0xb0, 0xc0]);
    expect(sequence.beats.slice(0, 3)).toEqual([
      { time: 0, isDownbeat: true },
      { time: 1.5, isDownbeat: false },
      { time: 3, isDownbeat: true },
    ]);
    expect(sequence.duration).toBe(3);
    expect(instrumentFiles(sequence)).toEqual(['73', 'drums-8']);
  });

  it('throws if the data is no MIDI file', () => {
    expect(() => midiSequence(new Uint8Array(text('RIFF0000000000')).buffer)).toThrow();
  });
});

describe('instrumentFile', () => {
  it('names the standard kit for unknown drum kits', () => {
    expect(instrumentFile({ program: 56, isDrum: true })).toBe('drums-0');
  });
});

describe('LiveSequence', () => {
  it('sorts an accompaniment that is composed after the melody', () => {
    const sequence = new LiveSequence();
    const tracks = [0, 24].map((program) => ({ name: '', program, isDrum: false }));
    sequence.add(
      [
        [0, 1, 60, 80],
        [1, 1, 62, 80],
      ],
      [0, 0],
      tracks,
    );
    sequence.add([[0.5, 2, 48, 60]], [1], tracks);
    expect(sequence.notes.map(({ onset, track }) => [onset, track])).toEqual([
      [0, 0],
      [0.5, 1],
      [1, 0],
    ]);
    expect(sequence.duration).toBe(2.5);
  });
});
