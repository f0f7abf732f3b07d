import { Listing, Song, queryOf } from './listing';

const song = (id: string) => ({ id }) as Song;

describe('Listing', () => {
  it('appends pages until the last one', async () => {
    const pages = [
      { items: [song('a')], next_cursor: 'x' },
      { items: [song('b')], next_cursor: null },
    ];
    const asked: unknown[] = [];
    const listing = new Listing(async (query) => {
      asked.push(query.cursor);
      return pages.shift()!;
    });
    await listing.show({ q: 'rain' });
    expect(listing.complete()).toBe(false);
    await listing.more();
    await listing.more();
    expect(listing.songs().map((one) => one.id)).toEqual(['a', 'b']);
    expect(asked).toEqual([undefined, 'x']);
  });

  it('drops an answer that comes after a later question', async () => {
    const waiting: ((page: { items: Song[]; next_cursor: null }) => void)[] = [];
    const listing = new Listing(() => new Promise((resolve) => waiting.push(resolve)));
    const [first, second] = [listing.show({ q: 'r' }), listing.show({ q: 'ra' })];
    waiting[1]!({ items: [song('right')], next_cursor: null });
    waiting[0]!({ items: [song('late')], next_cursor: null });
    await Promise.all([first, second]);
    expect(listing.songs().map((one) => one.id)).toEqual(['right']);
    expect(listing.loading()).toBe(false);
  });
});

describe('queryOf', () => {
  it('reads the page address and leaves out what is empty or no number', () => {
    expect(
      queryOf({ q: '', tag: 'rain', instrument: ['Violin', 'Flute'], tempo_min: 'fast', tempo_max: '90' }),
    ).toEqual({
      tag: ['rain'],
      instrument: ['Violin', 'Flute'],
      tempo_max: 90,
    });
  });
});
