import { TestBed } from '@angular/core/testing';
import { Session } from './session';

/** Replace `fetch` by a fake auth service; returns the URLs that were requested. */
function fakeAuth(answers: { refresh: () => Response | Promise<Response> }) {
  const calls: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    calls.push(url);
    if (url.endsWith('/refresh')) return answers.refresh();
    if (url.endsWith('/guest')) return Response.json({ access_token: 'guest', expires_in: 600 });
    return Response.json({ id: '1', username: 'clara', created_at: '2026-01-01T00:00:00Z', guest: calls.length === 2 });
  });
  return calls;
}

describe('Session', () => {
  beforeEach(() => localStorage.clear());
  afterEach(() => vi.unstubAllGlobals());

  it('refreshes once for concurrent calls', async () => {
    localStorage.setItem('euterpe.session', 'yes');
    let count = 0;
    const calls = fakeAuth({ refresh: () => Response.json({ access_token: `access-${++count}`, expires_in: 600 }) });
    const session = TestBed.inject(Session);
    const tokens = await Promise.all([session.token(), session.token(), session.token()]);
    expect(tokens).toEqual(['access-1', 'access-1', 'access-1']);
    expect(calls.filter((url) => url.endsWith('/refresh'))).toHaveLength(1);
  });

  it('sends no request without a session', async () => {
    const calls = fakeAuth({ refresh: () => new Response(null, { status: 401 }) });
    expect(await TestBed.inject(Session).token()).toBeNull();
    expect(calls).toEqual([]);
  });

  it('creates one guest for concurrent calls', async () => {
    const calls = fakeAuth({ refresh: () => new Response(null, { status: 401 }) });
    const session = TestBed.inject(Session);
    await Promise.all([session.token(true), session.token(true)]);
    expect(calls.filter((url) => url.endsWith('/guest'))).toHaveLength(1);
    expect(session.isRegistered()).toBe(false);
    expect(JSON.stringify({ ...localStorage })).not.toContain('guest"');
  });

  it('clears a session that the service has ended, but not while the service is unreachable', async () => {
    localStorage.setItem('euterpe.session', 'yes');
    fakeAuth({ refresh: () => Promise.reject(new TypeError('network')) });
    const session = TestBed.inject(Session);
    await expect(session.token()).rejects.toMatchObject({ slug: 'offline' });
    expect(localStorage.getItem('euterpe.session')).toBe('yes');
    fakeAuth({ refresh: () => Response.json({ type: '/problems/invalid-refresh-token' }, { status: 401 }) });
    expect(await session.token()).toBeNull();
    expect(localStorage.getItem('euterpe.session')).toBeNull();
  });
});
