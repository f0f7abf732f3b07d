import { RollNote } from '../midi/notes';
import { approach, frameOf, placement } from './painter';

describe('frameOf', () => {
  it('shows two octaves at least, and stays on the keyboard', () => {
    const frame = frameOf([[0, 1, 60, 90]], 10);
    expect(frame.high - frame.low).toBeGreaterThanOrEqual(24);
    expect(frameOf([[0, 1, 127, 90]], 1).high).toBe(127);
    expect(frameOf([], 0)).toEqual({ seconds: 1, low: 46, high: 74 });
  });
});

describe('placement', () => {
  it('finds the second under a pointer where it painted it', () => {
    const notes: RollNote[] = [[0, 30, 60, 90]];
    const place = placement({ width: 800, height: 300 }, frameOf(notes, 30));
    expect(place.seconds(place.x(12.5))).toBeCloseTo(12.5);
    expect(place.y(60)).toBeLessThan(place.y(59));
  });
});

describe('approach', () => {
  it('arrives, and then stays the same object', () => {
    const wanted = { seconds: 60, low: 20, high: 100 };
    let frame = { seconds: 1, low: 48, high: 72 };
    for (let step = 0; step < 200; step++) frame = approach(frame, wanted, 0.2);
    expect(frame).toEqual(wanted);
    expect(approach(frame, wanted, 0.2)).toBe(frame);
  });
});
