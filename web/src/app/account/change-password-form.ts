import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { accountTexts } from './account-texts';

@Component({
  selector: 'e-change-password-form',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('password') }}</h2>
    <form (submit)="$event.preventDefault(); change(current.value, fresh.value)">
      <label class="field">
        {{ t('currentPassword') }}
        <input #current class="input" type="password" autocomplete="current-password" maxlength="128" required />
      </label>
      <label class="field">
        {{ t('newPassword') }}
        <input
          #fresh
          class="input"
          type="password"
          autocomplete="new-password"
          minlength="8"
          maxlength="128"
          required
        />
        <span class="hint">{{ t('newPasswordHint') }}</span>
      </label>
      @if (problem(); as problem) {
        <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
      }
      <div>
        <button type="submit" class="button" [disabled]="busy()">{{ t('changePassword') }}</button>
      </div>
    </form>
  `,
})
export class ChangePasswordForm {
  protected readonly t = injectTexts(accountTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);

  protected async change(current_password: string, new_password: string): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      await this.api.put('/api/v1/auth/me/password', { json: { current_password, new_password } });
      this.notices.show(this.t('passwordChanged'), { kind: 'good' });
    } catch (error) {
      this.problem.set(Problem.from(error));
    } finally {
      this.busy.set(false);
    }
  }
}
