import { MeterChange, Score, endOf } from './score';

/** A bar from its first tick; `beat` is the length of a beat in ticks. */
export interface Bar {
  readonly number: number;
  readonly start: number;
  readonly length: number;
  readonly beat: number;
  readonly meter: MeterChange;
}

/** The bars of a score, which continue after its end without limit. A meter change within a bar begins a new one. */
export class Bars {
  private readonly segments: { first: number; start: number; end: number; length: number; meter: MeterChange }[] = [];
  /** The number of bars up to the end of the last note, at least 1. */
  readonly count: number;

  constructor(
    score: Pick<Score, 'meters' | 'ticksPerQuarter'>,
    readonly endTick = 0,
  ) {
    const common = { tick: 0, beats: 4, unit: 4 };
    const meters = score.meters[0]?.tick === 0 ? score.meters : [common, ...score.meters];
    let first = 1;
    meters.forEach((meter, index) => {
      const length = Math.max(1, Math.round((score.ticksPerQuarter * 4 * meter.beats) / meter.unit));
      const end = meters[index + 1]?.tick ?? Infinity;
      this.segments.push({ first, start: meter.tick, end, length, meter });
      first += Math.ceil((end - meter.tick) / length);
    });
    this.count = Math.max(1, this.at(Math.max(0, endTick - 1)).number);
  }

  /** Return the bar that a tick is in. */
  at(tick: number): Bar {
    let segment = this.segments[0] as (typeof this.segments)[number];
    for (const candidate of this.segments) if (candidate.start <= tick) segment = candidate;
    return this.bar(segment, Math.max(0, Math.floor((tick - segment.start) / segment.length)));
  }

  /** Return the bar with this number, from 1. */
  numbered(number: number): Bar {
    let segment = this.segments[0] as (typeof this.segments)[number];
    for (const candidate of this.segments) if (candidate.first <= number) segment = candidate;
    return this.bar(segment, Math.max(0, number - segment.first));
  }

  /** Return the bars between two ticks. */
  between(from: number, to: number): Bar[] {
    const bars: Bar[] = [];
    for (let bar = this.at(Math.max(0, from)); bar.start < to; bar = this.numbered(bar.number + 1)) bars.push(bar);
    return bars;
  }

  /** Return bar and beat of a tick, both from 1; the beat has a fraction. */
  position(tick: number): { bar: number; beat: number } {
    const bar = this.at(tick);
    return { bar: bar.number, beat: 1 + (tick - bar.start) / bar.beat };
  }

  /** Return the tick of a bar and a beat, both from 1. */
  tick(bar: number, beat: number): number {
    const { start, beat: length } = this.numbered(Math.max(1, bar));
    return Math.max(0, Math.round(start + (beat - 1) * length));
  }

  private bar(segment: (typeof this.segments)[number], index: number): Bar {
    const { first, start, end, length, meter } = segment;
    const begin = start + index * length;
    // Compound meters are counted in dotted beats.
    const units = meter.unit >= 8 && meter.beats % 3 === 0 && meter.beats > 3 ? 3 : 1;
    const beat = Math.max(1, (length / meter.beats) * units);
    return { number: first + index, start: begin, length: Math.min(length, end - begin), beat, meter };
  }
}

/** Return the bars of a score up to its end. */
export function barsOf(score: Score): Bars {
  return new Bars(score, endOf(score));
}

/** Converts between ticks and seconds through all tempo changes. */
export class TempoMap {
  private readonly segments: { tick: number; seconds: number; rate: number }[] = [];

  constructor(score: Pick<Score, 'tempos' | 'ticksPerQuarter'>) {
    for (const { tick, bpm } of [{ tick: 0, bpm: 120 }, ...score.tempos]) {
      const last = this.segments.at(-1);
      const seconds = last ? last.seconds + (tick - last.tick) * last.rate : 0;
      this.segments.push({ tick, seconds, rate: 60 / (bpm * score.ticksPerQuarter) });
    }
  }

  seconds(tick: number): number {
    const segment = this.last((candidate) => candidate.tick <= tick);
    return segment.seconds + (tick - segment.tick) * segment.rate;
  }

  tick(seconds: number): number {
    const segment = this.last((candidate) => candidate.seconds <= seconds);
    return segment.tick + (seconds - segment.seconds) / segment.rate;
  }

  private last(holds: (segment: (typeof this.segments)[number]) => boolean) {
    let found = this.segments[0] as (typeof this.segments)[number];
    for (const segment of this.segments) if (holds(segment)) found = segment;
    return found;
  }
}
