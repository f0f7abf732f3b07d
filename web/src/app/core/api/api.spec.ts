import { address } from './api';

describe('address', () => {
  it('escapes what is put into the path', () => {
    expect(address('/api/v1/songs/{song_id}', { path: { song_id: '../x?' } })).toBe('/api/v1/songs/..%2Fx%3F');
  });

  it('repeats lists and leaves out what is not set', () => {
    const query = { q: '', tag: ['a', 'b c'], limit: 0, cursor: null, sort: undefined };
    expect(address('/api/v1/songs', { query })).toBe('/api/v1/songs?tag=a&tag=b+c&limit=0');
  });
});
