import { readMidi } from './read-midi';
import { writeMidi } from './write-midi';

describe('writeMidi', () => {
  it('writes played notes in sixteenths, from the first note on', () => {
    const notes = [
      { onset: 2.02, duration: 0.49, pitch: 60, velocity: 90 },
      { onset: 2.51, duration: 0.03, pitch: 60, velocity: 70 },
      { onset: 3.0, duration: 40, pitch: 67, velocity: 80 },
    ];
    expect(readMidi(writeMidi(notes, 120).buffer)).toEqual([
      [0, 0.5, 60, 90, 0],
      [0.5, 0.125, 60, 70, 0],
      [1, 40, 67, 80, 0],
    ]);
  });
});
