import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { EditorRoll } from './editor-roll';
import { EditorState, GRIDS } from './editor-state';
import { EditorKey, editorTexts } from './editor-texts';

/** The controls above the roll: undo, tools, grid, zoom. */
@Component({
  selector: 'e-editor-toolbar',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="row">
      <button type="button" class="button small" [disabled]="!state.canUndo()" (click)="state.undo()">
        <e-icon name="undo" />{{ t('undo') }}
      </button>
      <button type="button" class="button small" [disabled]="!state.canRedo()" (click)="state.redo()">
        <e-icon name="redo" />{{ t('redo') }}
      </button>
      <div class="chips" role="group" [attr.aria-label]="t('tools')">
        <button
          type="button"
          class="chip"
          [attr.aria-pressed]="state.tool() === 'select'"
          (click)="state.tool.set('select')"
        >
          {{ t('select') }}
        </button>
        <button
          type="button"
          class="chip"
          [attr.aria-pressed]="state.tool() === 'draw'"
          (click)="state.tool.set('draw')"
        >
          <e-icon name="edit" />{{ t('draw') }}
        </button>
      </div>
      <label class="grid">
        <span>{{ t('grid') }}</span>
        <select class="input" (change)="state.grid.set(+$any($event.target).value)">
          @for (grid of grids; track grid) {
            <option [value]="grid" [selected]="state.grid() === grid">{{ t(nameOf(grid)) }}</option>
          }
        </select>
      </label>
      <span class="zoom">
        <button type="button" class="button small" [attr.aria-label]="t('zoomOut')" (click)="roll().zoom(0.7)">
          −
        </button>
        <button type="button" class="button small" [attr.aria-label]="t('zoomIn')" (click)="roll().zoom(1.4)">+</button>
        <button type="button" class="button small" [attr.aria-label]="t('flatter')" (click)="roll().zoomRows(0.8)">
          ↕−
        </button>
        <button type="button" class="button small" [attr.aria-label]="t('taller')" (click)="roll().zoomRows(1.25)">
          ↕+
        </button>
        <button type="button" class="button small" (click)="roll().fit()">{{ t('fit') }}</button>
      </span>
    </div>
  `,
  styles: `
    .grid {
      display: inline-flex;
      align-items: center;
      gap: 0.5rem;
      font-weight: 600;
      font-size: 0.925rem;

      .input {
        width: auto;
        min-height: 36px;
        padding-block: 0.25rem;
      }
    }

    .zoom {
      display: inline-flex;
      gap: 0.35rem;
    }
  `,
})
export class EditorToolbar {
  readonly roll = input.required<EditorRoll>();
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  protected readonly grids = GRIDS;

  protected nameOf(grid: number): EditorKey {
    return `grid${Math.round(1 / grid) as 1 | 2 | 3 | 4 | 6 | 8}`;
  }
}
