import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { injectTexts } from '../core/text/texts';
import { moderationTexts } from './moderation-texts';

/** The reason and the days of a ban; null is permanent. */
export interface BanTerms {
  readonly reason: string;
  readonly ban_days: number | null;
}

const DURATIONS = [
  ['week', 7],
  ['month', 30],
  ['year', 365],
  ['forever', null],
] as const;

/** Asks for the reason and the duration of a ban. Its data is the author's name, its result the terms. */
@Component({
  imports: [MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h2 mat-dialog-title>{{ t('banTitle', { author }) }}</h2>
    <mat-dialog-content>
      <form id="ban" class="stack" (submit)="$event.preventDefault(); ban()">
        <p>{{ t('banHint') }}</p>
        <div class="field">
          <label for="ban-reason">{{ t('reason') }}</label>
          <input
            id="ban-reason"
            class="input"
            maxlength="500"
            [value]="reason()"
            (input)="reason.set($any($event.target).value)"
          />
        </div>
        <div class="field">
          <label for="ban-duration">{{ t('duration') }}</label>
          <select id="ban-duration" class="input" (change)="index.set($any($event.target).selectedIndex)">
            @for (duration of durations; track duration[0]; let i = $index) {
              <option [selected]="i === index()">{{ t(duration[0]) }}</option>
            }
          </select>
        </div>
      </form>
    </mat-dialog-content>
    <mat-dialog-actions align="end">
      <button type="button" class="button quiet" mat-dialog-close>{{ t('cancel') }}</button>
      <button type="submit" form="ban" class="button danger">{{ t('ban') }}</button>
    </mat-dialog-actions>
  `,
})
export class BanDialog {
  protected readonly author = inject<string>(MAT_DIALOG_DATA);
  protected readonly t = injectTexts(moderationTexts);
  protected readonly durations = DURATIONS;
  protected readonly reason = signal('');
  protected readonly index = signal(0);
  private readonly reference = inject<MatDialogRef<BanDialog, BanTerms>>(MatDialogRef);

  protected ban(): void {
    this.reference.close({ reason: this.reason().trim(), ban_days: DURATIONS[this.index()]?.[1] ?? null });
  }
}
