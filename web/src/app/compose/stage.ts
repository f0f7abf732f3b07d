import { ChangeDetectionStrategy, Component, computed, effect, inject, input, output, untracked } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Player, Track } from '../core/player/player';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { composeTexts } from './compose-texts';
import { Composer } from './composer';
import { Piece } from './piece';
import { Plucks } from './plucks';

/** One piece: how far it is, its roll, and what can be done with it. */
@Component({
  selector: 'e-stage',
  imports: [Icon, PianoRoll, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './stage.html',
  styleUrl: './stage.scss',
})
export class Stage {
  readonly piece = input.required<Piece>();
  readonly again = output();
  readonly download = output<Piece>();
  readonly share = output<Piece>();
  readonly rename = output<string>();

  protected readonly composer = inject(Composer);
  protected readonly player = inject(Player);
  protected readonly plucks = inject(Plucks);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(composeTexts);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly state = computed(() => this.piece().state());
  protected readonly notes = computed(() => this.piece().notes());
  /** The song that has come of it; a piece that was stopped may have become one, too. */
  protected readonly song = computed(() => (this.open() ? null : this.state().song_id));
  protected readonly open = computed(() => this.state().status === 'queued' || this.state().status === 'running');
  protected readonly current = computed(() => this.player.is(this.state().song_id));
  protected readonly span = computed(() => this.piece().span());
  protected readonly clock = computed(() => (this.current() ? () => this.player.exactPosition() : null));
  protected readonly status = computed(() => this.sentence());
  /** For screen readers: every fourth part, and each change of state. */
  protected readonly said = computed(() => {
    const state = this.state();
    if (state.status !== 'running') return this.status();
    return this.t('percentSaid', { percent: this.format.percent(Math.floor(state.progress * 4) / 4) });
  });
  protected readonly measures = computed(() => {
    const found = this.state().measures ?? {};
    const number = (name: string, digits: number) => this.format.number(found[name] ?? 0, digits);
    const share = (name: string) => this.format.percent(found[name] ?? 0);
    return [
      ...('scale_score' in found ? [{ value: share('scale_score'), label: this.t('inScale') }] : []),
      ...('polyphony' in found ? [{ value: share('polyphony'), label: this.t('polyphony') }] : []),
      ...('tone_span' in found ? [{ value: number('tone_span', 0), label: this.t('span') }] : []),
      ...('notes_per_second' in found ? [{ value: number('notes_per_second', 1), label: this.t('pace') }] : []),
    ];
  });

  constructor() {
    let heard = 0;
    effect(() => {
      const notes = this.notes();
      if (notes.length > heard && untracked(this.open)) this.plucks.pluck(notes.slice(heard));
      heard = notes.length;
    });
  }

  protected track(): Track {
    const state = this.state();
    return {
      id: state.song_id as string,
      title: state.title,
      durationSeconds: state.duration_seconds,
      link: ['/library/songs', state.song_id as string],
    };
  }

  protected toggle(): void {
    void this.player.toggle(this.track());
  }

  protected seek(seconds: number): void {
    if (this.current() && this.player.state() !== 'loading') this.player.seek(seconds);
    else if (this.state().song_id) void this.player.play(this.track(), seconds);
  }

  protected async stop(keep: boolean): Promise<void> {
    try {
      await this.composer.stop(this.piece(), keep);
    } catch (error) {
      this.errorMessages.show(error);
    }
  }

  private sentence(): string {
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
