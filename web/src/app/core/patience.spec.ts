import { lazily } from './patience';

describe('lazily', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('tries again until the network brings it', async () => {
    let attempts = 0;
    const loaded = lazily(async () => {
      attempts += 1;
      if (attempts < 3) throw new TypeError('network');
      return 'the part';
    });
    await vi.runAllTimersAsync();
    expect(await loaded).toBe('the part');
    expect(attempts).toBe(3);
  });

  it('does not wait for its pause when the network is back', async () => {
    let online = false;
    const loaded = lazily(async () => {
      if (!online) throw new TypeError('network');
      return 'the part';
    });
    await vi.advanceTimersByTimeAsync(1_700);
    online = true;
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(0);
    expect(await loaded).toBe('the part');
  });
});
