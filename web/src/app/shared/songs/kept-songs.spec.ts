import { Song, SongList } from './song-list';

const song = (id: string, title = id) => ({ id, title }) as Song;

describe('SongList', () => {
  it('shows kept rows at once, and brings the first page up to date', async () => {
    const pages = [
      { items: [song('a'), song('b')], next_cursor: '2' },
      { items: [song('c'), song('d')], next_cursor: null },
      { items: [song('new'), song('a', 'changed')], next_cursor: '2' },
    ];
    const before = new SongList(async () => pages.shift() as never);
    expect(before.keep()).toBeNull();
    await before.load({ q: 'x' });
    await before.loadMore();
    const after = new SongList(async () => pages.shift() as never);
    const restored = after.restore(before.keep()!);
    expect(after.songs().map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    await restored;
    expect(after.songs().map(({ title }) => title)).toEqual(['new', 'changed', 'b', 'c', 'd']);
    expect(after.isComplete()).toBe(true);
  });

  it('keeps the rows when they cannot be brought up to date', async () => {
    const list = new SongList(() => Promise.reject(new Error('offline')));
    await list.restore({ query: {}, songs: [song('a')], cursor: null });
    expect(list.songs().map(({ id }) => id)).toEqual(['a']);
    expect(list.problem()).toBeNull();
  });
});
