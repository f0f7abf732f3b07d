import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { Player } from '../core/player/player';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { accountTexts } from './account-texts';

@Component({
  selector: 'e-delete-account-form',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('deleteAccount') }}</h2>
    <form (submit)="$event.preventDefault(); leave(password.value)">
      <p class="muted">{{ t('deleteAccountHint') }}</p>
      <label class="field">
        {{ t('confirmPassword') }}
        <input #password class="input" type="password" autocomplete="current-password" maxlength="128" required />
      </label>
      @if (problem(); as problem) {
        <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
      }
      <div>
        <button type="submit" class="button danger" [disabled]="busy()">{{ t('deleteAccount') }}</button>
      </div>
    </form>
  `,
})
export class DeleteAccountForm {
  protected readonly t = injectTexts(accountTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly player = inject(Player);
  private readonly router = inject(Router);
  private readonly session = inject(Session);

  protected async leave(password: string): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    try {
      await this.api.post('/api/v1/auth/me/deletion', { json: { password } });
    } catch (error) {
      this.problem.set(Problem.from(error));
      return;
    } finally {
      this.busy.set(false);
    }
    this.player.close();
    this.session.clear();
    this.notices.show(this.t('accountDeleted'), { kind: 'good' });
    await this.router.navigate(['/']);
  }
}
