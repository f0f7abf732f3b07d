import { fill } from './texts';

describe('fill', () => {
  it('inserts values and leaves unknown placeholders', () => {
    expect(fill('{name} has {what}', { name: 'Clara' })).toBe('Clara has {what}');
  });

  it('selects singular or plural by n', () => {
    expect(fill('one song|{n} songs', { n: 1 })).toBe('one song');
    expect(fill('one song|{n} songs', { n: 0 })).toBe('0 songs');
    expect(fill('one song|{n} songs', { n: 12 })).toBe('12 songs');
  });
});
