import { buildUrl, parseJson } from './api';

describe('buildUrl', () => {
  it('escapes path parameters', () => {
    expect(buildUrl('/api/v1/songs/{song_id}', { path: { song_id: '../x?' } })).toBe('/api/v1/songs/..%2Fx%3F');
  });

  it('repeats lists and leaves out empty values', () => {
    const query = { q: '', tag: ['a', 'b c'], limit: 0, cursor: null, sort: undefined };
    expect(buildUrl('/api/v1/songs', { query })).toBe('/api/v1/songs?tag=a&tag=b+c&limit=0');
  });
});

describe('parseJson', () => {
  it('returns undefined for an empty body with the JSON content type', async () => {
    const headers = { 'Content-Type': 'application/json' };
    expect(await parseJson(new Response(null, { status: 204, headers }))).toBeUndefined();
    expect(await parseJson(new Response('{"a":1}', { headers }))).toEqual({ a: 1 });
  });
});
