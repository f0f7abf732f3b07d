import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import type { Schema } from '../core/api/types';
import { injectTexts } from '../core/text/texts';
import { commentTexts } from './comment-texts';

type Report = Schema<'CommentReport'>;

/** Asks why to report a comment. Its result is the report. */
@Component({
  imports: [MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h2 mat-dialog-title>{{ t('reportTitle') }}</h2>
    <mat-dialog-content>
      <form id="report" class="stack" (submit)="$event.preventDefault(); send()">
        <div class="field">
          <label for="report-reason">{{ t('reason') }}</label>
          <select id="report-reason" class="input" (change)="reason.set($any($event.target).value)">
            @for (each of reasons; track each) {
              <option [value]="each" [selected]="each === reason()">{{ t(each) }}</option>
            }
          </select>
        </div>
        <div class="field">
          <label for="report-note">{{ t('note') }}</label>
          <textarea
            id="report-note"
            class="input"
            rows="3"
            maxlength="500"
            [value]="note()"
            (input)="note.set($any($event.target).value)"
          ></textarea>
        </div>
      </form>
    </mat-dialog-content>
    <mat-dialog-actions align="end">
      <button type="button" class="button quiet" mat-dialog-close>{{ t('cancel') }}</button>
      <button type="submit" form="report" class="button primary">{{ t('report') }}</button>
    </mat-dialog-actions>
  `,
  styles: `
    form {
      padding-top: 0.25rem;
    }
  `,
})
export class ReportDialog {
  protected readonly t = injectTexts(commentTexts);
  protected readonly reasons = ['spam', 'abuse', 'copyright', 'other'] as const;
  protected readonly reason = signal<Report['reason']>('spam');
  protected readonly note = signal('');
  private readonly reference = inject<MatDialogRef<ReportDialog, Report>>(MatDialogRef);

  protected send(): void {
    this.reference.close({ reason: this.reason(), note: this.note().trim() });
  }
}
