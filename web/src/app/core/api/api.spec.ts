import { address, jsonOf } from './api';

describe('address', () => {
  it('escapes what is put into the path', () => {
    expect(address('/api/v1/songs/{song_id}', { path: { song_id: '../x?' } })).toBe('/api/v1/songs/..%2Fx%3F');
  });

  it('repeats lists and leaves out what is not set', () => {
    const query = { q: '', tag: ['a', 'b c'], limit: 0, cursor: null, sort: undefined };
    expect(address('/api/v1/songs', { query })).toBe('/api/v1/songs?tag=a&tag=b+c&limit=0');
  });
});

describe('jsonOf', () => {
  it('takes an empty answer for nothing, even if it calls itself JSON', async () => {
    const headers = { 'Content-Type': 'application/json' };
    expect(await jsonOf(new Response(null, { status: 204, headers }))).toBeUndefined();
    expect(await jsonOf(new Response('{"a":1}', { headers }))).toEqual({ a: 1 });
  });
});
