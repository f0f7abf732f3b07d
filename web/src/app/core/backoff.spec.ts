import { loadWithRetry } from './backoff';

describe('loadWithRetry', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('retries until the chunk is loaded', async () => {
    let attempts = 0;
    const loaded = loadWithRetry(async () => {
      attempts += 1;
      if (attempts < 3) throw new TypeError('network');
      return 'chunk';
    });
    await vi.runAllTimersAsync();
    expect(await loaded).toBe('chunk');
    expect(attempts).toBe(3);
  });

  it('retries at once when the browser goes online', async () => {
    let online = false;
    const loaded = loadWithRetry(async () => {
      if (!online) throw new TypeError('network');
      return 'chunk';
    });
    await vi.advanceTimersByTimeAsync(1_700);
    online = true;
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(0);
    expect(await loaded).toBe('chunk');
  });
});
