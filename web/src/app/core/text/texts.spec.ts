import { fill } from './texts';

describe('fill', () => {
  it('puts values in their places and leaves unknown ones to be seen', () => {
    expect(fill('{name} has {what}', { name: 'Clara' })).toBe('Clara has {what}');
  });

  it('chooses one or many by n', () => {
    expect(fill('one song|{n} songs', { n: 1 })).toBe('one song');
    expect(fill('one song|{n} songs', { n: 0 })).toBe('0 songs');
    expect(fill('one song|{n} songs', { n: 12 })).toBe('12 songs');
  });
});
