import {
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  input,
  linkedSignal,
  output,
  signal,
} from '@angular/core';
import { RequestState } from '../core/api/request-state';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { commentTexts } from './comment-texts';

let forms = 0;

/** The form for a comment, a reply or a changed text. `send` stores the text; the form is emptied when it succeeds. */
@Component({
  selector: 'e-comment-form',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <form class="field" novalidate (submit)="submit($event)">
      <label [for]="id">{{ label() }}</label>
      <textarea
        class="input"
        rows="3"
        maxlength="2000"
        [id]="id"
        [value]="text()"
        [attr.aria-invalid]="!!error()"
        [attr.aria-describedby]="id + '-note'"
        (input)="text.set($any($event.target).value)"
      ></textarea>
      <div [id]="id + '-note'" aria-live="polite">
        @if (error(); as message) {
          <span class="error">{{ message }}</span>
        } @else {
          <span class="hint">{{ t('hint') }}</span>
        }
      </div>
      <ng-content />
      <div class="row">
        <button type="submit" class="button small" [disabled]="submission.isPending()">
          <e-icon name="comment" />{{ submitLabel() }}
        </button>
        @if (cancellable()) {
          <button type="button" class="button small quiet" (click)="cancelled.emit()">{{ t('cancel') }}</button>
        }
      </div>
    </form>
  `,
  styles: `
    :host {
      display: block;
    }

    textarea {
      min-height: 5.5rem;
      resize: vertical;
    }
  `,
})
export class CommentForm {
  readonly label = input.required<string>();
  readonly submitLabel = input.required<string>();
  readonly send = input.required<(text: string) => Promise<void>>();
  readonly initial = input('');
  readonly cancellable = input(false);
  readonly cancelled = output();
  protected readonly id = `comment-${++forms}`;
  protected readonly t = injectTexts(commentTexts);
  protected readonly text = linkedSignal(() => this.initial());
  protected readonly isEmpty = signal(false);
  protected readonly submission = new RequestState();
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly error = computed(() => {
    if (this.isEmpty() && !this.text().trim()) return this.t('textRequired');
    const problem = this.submission.problem();
    return problem && (this.errorMessages.ofField(problem.field('text')) ?? this.errorMessages.of(problem));
  });

  protected async submit(event: Event): Promise<void> {
    event.preventDefault();
    const text = this.text().trim();
    this.isEmpty.set(!text);
    this.submission.problem.set(null);
    if (!text || this.submission.isPending()) return;
    await this.submission.run(async () => {
      await this.send()(text);
      this.text.set('');
      this.isEmpty.set(false);
    });
  }
}
