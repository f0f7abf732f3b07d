import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MAX_TEMPO, MIN_TEMPO, Player, Repeat } from '../core/player/player';
import { playerTexts } from '../core/player/player-texts';
import { trackNames } from '../core/player/track-names';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';

/** Tempo, loop, repetition, metronome and the instruments' volumes, above the player bar. */
@Component({
  selector: 'e-player-panel',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './player-panel.html',
  styleUrl: './player-panel.scss',
  host: { role: 'group', '[attr.aria-label]': "t('options')" },
})
export class PlayerPanel {
  protected readonly player = inject(Player);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(playerTexts);
  private readonly language = inject(Language);
  protected readonly minTempo = MIN_TEMPO;
  protected readonly maxTempo = MAX_TEMPO;
  protected readonly repeats: readonly Repeat[] = ['off', 'all', 'one'];
  protected readonly names = computed(() =>
    trackNames(this.player.instruments(), this.t('drums'), this.language.code()).map((name) =>
      manifestLabel(name, this.language.code()),
    ),
  );
  protected readonly loopText = computed(() => {
    const [loop, start] = [this.player.loop(), this.player.loopStart()];
    if (loop)
      return this.t('loopRange', { start: this.format.duration(loop.start), end: this.format.duration(loop.end) });
    return start === null ? this.t('loopNone') : `A ${this.format.duration(start)}`;
  });

  protected tempoText(): string {
    return this.format.percent(this.player.tempo());
  }
}
