import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Playback, Track } from '../core/player/player';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { PlayButton } from '../shared/play-button';
import { ComparisonItem } from './comparison';
import { compareTexts } from './compare-texts';

/** One piece of a comparison: its piano roll and measures, and the button to keep it. */
@Component({
  selector: 'e-comparison-card',
  imports: [Icon, PianoRoll, PlayButton, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './comparison-card.html',
  styleUrl: './comparison-card.scss',
})
export class ComparisonCard {
  readonly item = input.required<ComparisonItem>();
  readonly name = input.required<string>();
  readonly canKeep = input(false);
  readonly keep = output();
  protected readonly t = injectTexts(compareTexts);
  private readonly format = inject(Format);

  protected readonly state = computed(() => this.item().piece.state());
  protected readonly playback = new Playback(computed(() => this.track()));
  protected readonly status = computed(() => {
    const { status, progress, failure, note_count: n, duration_seconds: seconds } = this.state();
    if (status === 'queued') return this.t('waiting');
    if (status === 'running') return this.t('composing', { percent: this.format.percent(progress) });
    if (status === 'failed') return this.t('failed', { why: failure ?? '' });
    if (status === 'cancelled') return this.t('stopped');
    return this.t('done', { n: n ?? 0, length: this.format.duration(seconds) });
  });
  protected readonly measures = computed(() => {
    const measures = this.state().measures ?? {};
    const share = (name: string) => this.format.percent(measures[name] ?? 0);
    const number = (name: string) => this.format.number(measures[name] ?? 0);
    return [
      { name: 'scale_score', value: share('scale_score'), label: this.t('inScale') },
      { name: 'repetitions_4', value: share('repetitions_4'), label: this.t('repeated') },
      { name: 'unique_pitches', value: number('unique_pitches'), label: this.t('pitches') },
      { name: 'tone_span', value: number('tone_span'), label: this.t('span') },
    ].filter(({ name }) => name in measures);
  });
  /** The bar from which the piece repeats itself, 0 for none; null if that was not measured. */
  protected readonly loop = computed(() => {
    const bar = this.state().measures?.['loop_start_bar'];
    return bar === undefined ? null : { bar };
  });

  private track(): Track | null {
    const { song_id: id, title, duration_seconds: durationSeconds } = this.state();
    return id ? { id, title, durationSeconds, link: ['/library/songs', id] } : null;
  }
}
