import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Playback } from '../core/player/player';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { PlayButton } from '../shared/play-button';
import { Rights } from '../shared/rights';
import { composeTexts } from './compose-texts';
import { Composer } from './composer';
import { Piece } from './piece';
import { LivePlayback, pieceTrack } from './live-playback';
import { TitleField } from './title-field';

/** One piece: its progress, its piano roll, and the actions on it. */
@Component({
  selector: 'e-piece-view',
  imports: [Icon, PianoRoll, PlayButton, Rights, RouterLink, TitleField],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './piece-view.html',
  styleUrl: './piece-view.scss',
})
export class PieceView {
  readonly piece = input.required<Piece>();
  readonly another = output();
  readonly download = output<Piece>();
  readonly share = output<Piece>();
  readonly rename = output<string>();

  protected readonly composer = inject(Composer);
  protected readonly livePlayback = inject(LivePlayback);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(composeTexts);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly state = computed(() => this.piece().state());
  protected readonly notes = computed(() => this.piece().notes());
  /** The id of the finished song; a stopped piece may have one, too. */
  protected readonly songId = computed(() => (this.isActive() ? null : this.state().song_id));
  protected readonly isActive = computed(() => this.state().status === 'queued' || this.state().status === 'running');
  protected readonly span = computed(() => this.piece().span());
  protected readonly playback = new Playback(
    computed(() => (this.songId() || this.notes().length ? pieceTrack(this.piece()) : null)),
  );
  protected readonly status = computed(() => this.statusText());
  /** For screen readers: changes with each status and each quarter of the progress. */
  protected readonly liveStatus = computed(() => {
    const state = this.state();
    if (state.status !== 'running') return this.status();
    return this.t('percentComposed', { percent: this.format.percent(Math.floor(state.progress * 4) / 4) });
  });
  protected readonly measures = computed(() => {
    const measures = this.state().measures ?? {};
    const number = (name: string, digits: number) => this.format.number(measures[name] ?? 0, digits);
    const share = (name: string) => this.format.percent(measures[name] ?? 0);
    return [
      ...('scale_score' in measures ? [{ value: share('scale_score'), label: this.t('inScale') }] : []),
      ...('polyphony' in measures ? [{ value: share('polyphony'), label: this.t('polyphony') }] : []),
      ...('tone_span' in measures ? [{ value: number('tone_span', 0), label: this.t('span') }] : []),
      ...('notes_per_second' in measures
        ? [{ value: number('notes_per_second', 1), label: this.t('notesPerSecond') }]
        : []),
    ];
  });

  protected async stop(keep: boolean): Promise<void> {
    try {
      await this.composer.stop(this.piece(), keep);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  private statusText(): string {
    const state = this.state();
    const [n, length] = [state.note_count ?? 0, this.format.duration(state.duration_seconds)];
    switch (state.status) {
      case 'queued': {
        const queue = state.queue;
        if (!queue) return this.t('queued');
        const wait = queue.estimated_wait_seconds;
        const position = this.format.number(queue.position);
        if (wait == null || wait < 1) return this.t('queuedAt', { position });
        return this.t('queuedFor', { position, time: this.format.duration(wait) });
      }
      case 'running':
        return this.t('running', { percent: this.format.percent(state.progress) });
      case 'succeeded':
        return this.t('succeeded', { n, length });
      case 'failed':
        return this.t('failed', { why: state.failure ?? '' });
      case 'cancelled':
        return state.song_id ? this.t('partial', { n, length }) : this.t('cancelled');
    }
  }
}
