import { RollNote } from '../midi/notes';
import { moveTowards, viewportOf, createScale } from './renderer';

describe('viewportOf', () => {
  it('shows at least two octaves, and no pitch above 127', () => {
    const viewport = viewportOf([[0, 1, 60, 90]], 10);
    expect(viewport.high - viewport.low).toBeGreaterThanOrEqual(24);
    expect(viewportOf([[0, 1, 127, 90]], 1).high).toBe(127);
    expect(viewportOf([], 0)).toEqual({ seconds: 1, low: 46, high: 74 });
  });
});

describe('createScale', () => {
  it('maps pixels back to seconds', () => {
    const notes: RollNote[] = [[0, 30, 60, 90]];
    const scale = createScale({ width: 800, height: 300 }, viewportOf(notes, 30));
    expect(scale.seconds(scale.x(12.5))).toBeCloseTo(12.5);
    expect(scale.y(60)).toBeLessThan(scale.y(59));
  });
});

describe('moveTowards', () => {
  it('arrives, and then returns the same object', () => {
    const target = { seconds: 60, low: 20, high: 100 };
    let viewport = { seconds: 1, low: 48, high: 72 };
    for (let step = 0; step < 200; step++) viewport = moveTowards(viewport, target, 0.2);
    expect(viewport).toEqual(target);
    expect(moveTowards(viewport, target, 0.2)).toBe(viewport);
  });
});
