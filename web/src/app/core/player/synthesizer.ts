import { WorkletSynthesizer } from 'spessasynth_lib';
import { instrumentFile } from './instruments';

const PROCESSOR_URL = '/synthesizer/spessasynth_processor.min.js';
const START_TIMEOUT_MS = 15_000;
/** Keys that are played silently after an instrument was loaded: this decodes its samples, which takes longer than a frame. */
const WARM_UP_KEYS = [36, 40, 43, 48, 52, 55, 59, 62, 64, 67, 71, 74, 76, 79, 84];
const WARM_UP_CHANNEL = 15;
const MAX_CHANNELS = 64;

/** A General MIDI synthesiser in an AudioWorklet; its SoundFonts, one per instrument, are loaded when first needed. */
export class Synthesizer {
  private readonly loading = new Map<string, Promise<void>>();
  /** The sound bank that is being added. The library confirms only the last of several that are added at once. */
  private adding: Promise<unknown> = Promise.resolve();

  /** Seconds by which the clock of the worklet is behind that of the context: it stands still while the worklet starts. */
  private lag = Number.POSITIVE_INFINITY;

  private constructor(
    readonly context: AudioContext,
    private readonly worklet: WorkletSynthesizer,
    private readonly output: GainNode,
    private readonly volumeNode: GainNode,
  ) {}

  /** Start the synthesiser. Throws an Error if the browser cannot run it. */
  static async create(context: AudioContext): Promise<Synthesizer> {
    await withTimeout(context.audioWorklet.addModule(PROCESSOR_URL));
    let node: AudioWorkletNode | undefined;
    const create = (...parameters: ConstructorParameters<typeof AudioWorkletNode>) =>
      (node = new AudioWorkletNode(...parameters));
    const worklet = new WorkletSynthesizer(context, {
      eventsEnabled: false,
      audioNodeCreators: { worklet: create as never },
    });
    const volume = new GainNode(context);
    const output = new GainNode(context);
    worklet.connect(output);
    output.connect(volume).connect(context.destination);
    const synthesizer = new Synthesizer(context, worklet, output, volume);
    node?.port.addEventListener('message', ({ data }: MessageEvent<{ currentTime?: number }>) =>
      synthesizer.measureLag(data.currentTime),
    );
    await withTimeout(worklet.isReady);
    return synthesizer;
  }

  /** Load instruments by their file names (`instrumentFiles`). Throws an Error if one cannot be loaded. */
  async load(files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => this.loadOnce(file)));
  }

  isLoaded(track: { program: number; isDrum: boolean }): boolean {
    return this.loading.has(instrumentFile(track));
  }

  send(channel: number, bytes: readonly number[], time?: number): void {
    const [status = 0, ...data] = bytes;
    const options = time === undefined ? undefined : { time: time - (Number.isFinite(this.lag) ? this.lag : 0) };
    this.worklet.sendMessage([status | (channel & 15), ...data], channel & ~15, options);
  }

  /** Return the channel of a track; channels are added when they are needed. */
  channel(track: number): number {
    const channel = track % MAX_CHANNELS;
    while (this.worklet.channelCount <= channel) this.worklet.addNewChannel();
    return channel;
  }

  setUp(channel: number, program: number, isDrum: boolean): void {
    this.worklet.midiChannels[channel]?.setDrums(isDrum);
    this.send(channel, [0xb0, 121, 0]);
    for (const [controller, value] of [
      [0, 0],
      [32, 0],
      [7, 100],
      [10, 64],
      [91, 40],
    ] as const)
      this.send(channel, [0xb0, controller, value]);
    this.send(channel, [0xc0, program]);
  }

  setTrack(channel: number, gain: number, isMuted: boolean): void {
    this.worklet.midiChannels[channel]?.setSystemParameter('gain', gain);
    this.worklet.midiChannels[channel]?.setSystemParameter('isMuted', isMuted);
  }

  /** Silence the output until `release`, while messages that were sent ahead of time pass. */
  hold(): void {
    this.output.gain.setTargetAtTime(0, this.context.currentTime, 0.005);
  }

  release(): void {
    this.worklet.stopAll(true);
    this.output.gain.cancelScheduledValues(this.context.currentTime);
    this.output.gain.setValueAtTime(1, this.context.currentTime);
  }

  setVolume(volume: number): void {
    this.volumeNode.gain.value = volume;
  }

  /** Play a click of the metronome. */
  click(time: number, isAccented: boolean): void {
    const tone = new OscillatorNode(this.context, { type: 'square', frequency: isAccented ? 1760 : 1175 });
    const gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setValueAtTime(isAccented ? 0.12 : 0.07, time);
    gain.gain.exponentialRampToValueAtTime(0.0005, time + 0.05);
    tone.connect(gain).connect(this.output);
    tone.start(time);
    tone.stop(time + 0.06);
  }

  private measureLag(time: number | undefined): void {
    // Messages arrive late; the least late one is the best measure.
    if (time !== undefined) this.lag = Math.min(this.lag, this.context.currentTime - time);
  }

  private loadOnce(file: string): Promise<void> {
    let loading = this.loading.get(file);
    if (!loading) {
      loading = this.loadFile(file);
      this.loading.set(file, loading);
      loading.catch(() => this.loading.delete(file));
    }
    return loading;
  }

  private async loadFile(file: string): Promise<void> {
    const response = await fetch(`/soundfont/${file}.sf3`);
    if (!response.ok) throw new Error(`SoundFont ${file}: status ${response.status}`);
    const buffer = await response.arrayBuffer();
    if (buffer.byteLength < 12 || new DataView(buffer).getUint32(0) !== 0x52494646)
      throw new Error(`SoundFont ${file} is damaged`);
    const added = this.adding.then(() => withTimeout(this.worklet.soundBankManager.addSoundBank(buffer, file)));
    this.adding = added.catch(() => undefined);
    await added;
    this.warmUp(file);
  }

  private warmUp(file: string): void {
    if (file.startsWith('drums')) return;
    this.worklet.midiChannels[WARM_UP_CHANNEL]?.setSystemParameter('gain', 0);
    this.send(WARM_UP_CHANNEL, [0xc0, Number(file)]);
    for (const key of WARM_UP_KEYS) {
      this.send(WARM_UP_CHANNEL, [0x90, key, 1]);
      this.send(WARM_UP_CHANNEL, [0x80, key, 0]);
    }
  }
}

function withTimeout<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the synthesizer does not respond')), START_TIMEOUT_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
