import { SongList, Song, parseQuery } from './song-list';

const song = (id: string) => ({ id }) as Song;

describe('SongList', () => {
  it('appends pages until the last one', async () => {
    const pages = [
      { items: [song('a')], next_cursor: 'x' },
      { items: [song('b')], next_cursor: null },
    ];
    const requestedCursors: unknown[] = [];
    const songList = new SongList(async (query) => {
      requestedCursors.push(query.cursor);
      return pages.shift()!;
    });
    await songList.load({ q: 'rain' });
    expect(songList.isComplete()).toBe(false);
    await songList.loadMore();
    await songList.loadMore();
    expect(songList.songs().map((song) => song.id)).toEqual(['a', 'b']);
    expect(requestedCursors).toEqual([undefined, 'x']);
  });

  it('drops the response to an outdated query', async () => {
    const waiting: ((page: { items: Song[]; next_cursor: null }) => void)[] = [];
    const songList = new SongList(() => new Promise((resolve) => waiting.push(resolve)));
    const [first, second] = [songList.load({ q: 'r' }), songList.load({ q: 'ra' })];
    waiting[1]!({ items: [song('right')], next_cursor: null });
    waiting[0]!({ items: [song('late')], next_cursor: null });
    await Promise.all([first, second]);
    expect(songList.songs().map((song) => song.id)).toEqual(['right']);
    expect(songList.isLoading()).toBe(false);
  });
});

describe('parseQuery', () => {
  it('leaves out empty and invalid values', () => {
    expect(
      parseQuery({ q: '', tag: 'rain', instrument: ['Violin', 'Flute'], tempo_min: 'fast', tempo_max: '90' }),
    ).toEqual({
      tag: ['rain'],
      instrument: ['Violin', 'Flute'],
      tempo_max: 90,
    });
  });
});
