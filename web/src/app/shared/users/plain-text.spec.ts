import { describe, expect, it } from 'vitest';
import { identicon } from './avatar';
import { splitText } from './plain-text';

describe('splitText', () => {
  it('finds addresses and known mentions, and leaves everything else as text', () => {
    const text = 'See https://example.org/a_(b)?c=1, @Clara! <b>me@clara</b> @nobody javascript:alert(1)';
    expect(splitText(text, [{ id: 'c', name: 'clara' }])).toEqual([
      { text: 'See ' },
      { text: 'https://example.org/a_(b)?c=1', url: 'https://example.org/a_(b)?c=1' },
      { text: ', ' },
      { text: '@Clara', userId: 'c' },
      { text: '! <b>me' },
      { text: '@clara', userId: 'c' },
      { text: '</b> @nobody javascript:alert(1)' },
    ]);
  });
});

describe('identicon', () => {
  it('depends on the name only, whatever its case', () => {
    expect(identicon('Clara')).toEqual(identicon('clara'));
    expect(identicon('clara')).not.toEqual(identicon('robert'));
  });
});
