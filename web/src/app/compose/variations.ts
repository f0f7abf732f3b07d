import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { PianoRoll } from '../shared/piano-roll/piano-roll';
import { composeTexts } from './compose-texts';
import { Composer } from './composer';
import { Piece } from './piece';

/** The variations of a request side by side, each with its piano roll; one of them is selected. */
@Component({
  selector: 'e-variations',
  imports: [PianoRoll],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="grid" role="group" [attr.aria-label]="t('variations')">
      @for (piece of composer.pieces(); track piece.id) {
        <button
          type="button"
          [attr.aria-pressed]="piece === composer.piece()"
          (click)="composer.selectedIndex.set($index)"
        >
          <span class="head">
            <strong>{{ t('variation', { n: $index + 1 }) }}</strong>
            <span class="muted tabular">{{ status(piece) }}</span>
          </span>
          <e-piano-roll aria-hidden="true" [notes]="piece.notes()" [duration]="piece.span()" />
        </button>
      }
    </div>
  `,
  styles: `
    :host {
      container: variations / inline-size;
    }

    .grid {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: 0.75rem;
    }

    @container variations (width > 660px) {
      .grid {
        grid-auto-columns: 1fr;
        grid-auto-flow: column;
        grid-template-columns: none;
      }
    }

    button {
      display: grid;
      gap: 0.4rem;
      min-width: 0;
      padding: 0.6rem;
      border: 1px solid var(--line);
      border-radius: 12px;
      background: var(--surface);
      color: inherit;
      text-align: start;
      cursor: pointer;

      &:hover {
        border-color: var(--line-strong);
      }

      &[aria-pressed='true'] {
        border-color: var(--accent);
        background: var(--accent-soft);
        box-shadow: 0 0 0 1px var(--accent);
      }
    }

    .head {
      display: flex;
      justify-content: space-between;
      gap: 0.5rem;
      font-size: 0.9rem;
    }

    e-piano-roll {
      height: 92px;
      border-radius: 8px;
      pointer-events: none;
    }
  `,
})
export class Variations {
  protected readonly composer = inject(Composer);
  protected readonly t = injectTexts(composeTexts);
  private readonly format = inject(Format);

  protected status(piece: Piece): string {
    const { status, progress, song_id: songId, duration_seconds: seconds } = piece.state();
    if (status === 'succeeded' || (status === 'cancelled' && songId)) return this.format.duration(seconds);
    if (status === 'running') return this.format.percent(progress);
    return this.t(status === 'queued' ? 'queuedShort' : status === 'failed' ? 'failedShort' : 'cancelled');
  }
}
