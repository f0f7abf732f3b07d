const MP3 = 'audio/mpeg';

/** Plays audio that the server renders, from its first bytes on where the browser can stream it. */
export class AudioFile {
  onState: (state: 'playing' | 'paused') => void = () => undefined;
  onPosition: (seconds: number) => void = () => undefined;
  onDuration: (seconds: number) => void = () => undefined;
  onEnded: () => void = () => undefined;
  private readonly audio = new Audio();
  private readonly objectUrl: string;
  private readonly source: MediaSource | null;
  private isClosed = false;
  private loop: { start: number; end: number } | null = null;

  constructor(private readonly durationSeconds: number | null) {
    // An audio element cannot send the access token: bytes of a response are appended to a media source.
    this.source = 'MediaSource' in window && MediaSource.isTypeSupported(MP3) ? new MediaSource() : null;
    this.objectUrl = this.source ? URL.createObjectURL(this.source) : '';
    const { audio } = this;
    audio.addEventListener('play', () => this.report(() => this.onState('playing')));
    audio.addEventListener('pause', () => this.report(() => this.onState('paused')));
    audio.addEventListener('timeupdate', () => this.report(() => this.follow()));
    audio.addEventListener('durationchange', () => this.report(() => this.reportDuration()));
    audio.addEventListener('ended', () => this.report(this.onEnded));
  }

  get position(): number {
    return this.audio.currentTime;
  }

  /** Play a response; resolves when playback has begun. `onProgress` gets the share of it that has arrived. */
  async start(response: Response, positionSeconds: number, onProgress: (share: number | null) => void): Promise<void> {
    const total = Number(response.headers.get('Content-Length')) || null;
    const isMp3 = response.headers.get('Content-Type')?.startsWith(MP3) ?? false;
    if (this.source && isMp3 && response.body) {
      await this.stream(this.source, response.body, total, onProgress);
    } else {
      const blob = await response.blob();
      if (this.isClosed) return;
      this.audio.src = URL.createObjectURL(blob);
    }
    if (positionSeconds > 0) this.audio.currentTime = positionSeconds;
    await this.play();
  }

  async play(): Promise<void> {
    await this.audio.play().catch((error: unknown) => {
      // The browser requires a user gesture: stay paused until the user presses play.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.onState('paused');
      else if (!this.isClosed) throw error;
    });
  }

  pause(): void {
    this.audio.pause();
  }

  seek(seconds: number): void {
    this.audio.currentTime = Math.max(0, Math.min(seconds, this.audio.duration || seconds));
    this.onPosition(this.audio.currentTime);
  }

  setVolume(volume: number): void {
    this.audio.volume = volume;
  }

  setRate(rate: number): void {
    this.audio.playbackRate = rate;
  }

  setLoop(loop: { start: number; end: number } | null): void {
    this.loop = loop;
  }

  close(): void {
    this.isClosed = true;
    this.audio.pause();
    const url = this.audio.src;
    this.audio.removeAttribute('src');
    URL.revokeObjectURL(url || this.objectUrl);
  }

  private report(callback: () => void): void {
    if (!this.isClosed) callback();
  }

  private follow(): void {
    const { loop, audio } = this;
    if (loop && audio.currentTime >= loop.end && audio.currentTime < loop.end + 1) audio.currentTime = loop.start;
    this.onPosition(audio.currentTime);
  }

  private reportDuration(): void {
    const { duration } = this.audio;
    if (Number.isFinite(duration) && duration > 0) this.onDuration(duration);
  }

  /** Append the body to the media source; resolves after the first bytes, the rest follows. */
  private async stream(
    source: MediaSource,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    total: number | null,
    onProgress: (share: number | null) => void,
  ): Promise<void> {
    this.audio.src = this.objectUrl;
    await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
    const buffer = source.addSourceBuffer(MP3);
    if (this.durationSeconds) source.duration = this.durationSeconds;
    const reader = body.getReader();
    let received = 0;
    const append = async (): Promise<boolean> => {
      const { done, value } = await reader.read();
      if (done || this.isClosed) return false;
      buffer.appendBuffer(value);
      await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
      received += value.length;
      onProgress(total && received / total);
      return true;
    };
    if (!(await append())) throw new TypeError('the audio is empty');
    void (async () => {
      try {
        while (await append());
        onProgress(1);
        if (source.readyState === 'open') source.endOfStream();
      } catch {
        // The connection was lost: what has arrived is played.
        if (source.readyState === 'open') source.endOfStream('network');
      }
    })();
  }
}
