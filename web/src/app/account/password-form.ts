import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RequestState } from '../core/api/request-state';
import { ErrorMessages } from '../core/text/error-messages';
import { accountTexts } from './account-texts';
import { injectTexts } from '../core/text/texts';

export interface PasswordField {
  readonly name: string;
  readonly label: string;
  readonly kind: 'current' | 'new';
}

/** A form whose fields are passwords. `action` gets their values by name; its error is shown in the form. */
@Component({
  selector: 'e-password-form',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ heading() }}</h2>
    <form #form (submit)="$event.preventDefault(); submit(form)">
      @if (lead()) {
        <p class="muted">{{ lead() }}</p>
      }
      @for (field of fields(); track field.name) {
        <label class="field">
          {{ field.label }}
          <input
            class="input"
            type="password"
            maxlength="128"
            required
            [name]="field.name"
            [autocomplete]="field.kind + '-password'"
            [attr.minlength]="field.kind === 'new' ? 8 : null"
          />
          @if (field.kind === 'new') {
            <span class="hint">{{ t('newPasswordHint') }}</span>
          }
        </label>
      }
      @if (option()) {
        <label class="row"><input type="checkbox" name="option" />{{ option() }}</label>
      }
      @if (request.problem(); as problem) {
        <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
      }
      <div>
        <button type="submit" class="button" [class.danger]="danger()" [disabled]="request.isPending()">
          {{ submitLabel() }}
        </button>
      </div>
    </form>
  `,
})
export class PasswordForm {
  readonly heading = input.required<string>();
  readonly lead = input('');
  readonly fields = input.required<readonly PasswordField[]>();
  /** The label of a checkbox below the fields, if there is one; `action` gets `option: 'on'` when it is checked. */
  readonly option = input('');
  readonly submitLabel = input.required<string>();
  readonly danger = input(false);
  readonly action = input.required<(passwords: Record<string, string>) => Promise<void>>();
  protected readonly t = injectTexts(accountTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();

  protected submit(form: HTMLFormElement): void {
    const passwords = Object.fromEntries(new FormData(form)) as Record<string, string>;
    void this.request.run(() => this.action()(passwords));
  }
}
