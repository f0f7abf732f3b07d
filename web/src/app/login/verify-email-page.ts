import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { linkToken } from './link-token';
import { recoveryTexts } from './recovery-texts';

/** Verifies an e-mail address with the token of a link, after a click: programs that check mails open links, too. */
@Component({
  imports: [Icon, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './credentials-page.scss',
  template: `
    <div class="card">
      <header>
        <h1>{{ t('verifyTitle') }}</h1>
        <p>{{ t(token() ? 'verifyLead' : 'linkMissing') }}</p>
      </header>
      @if (request.problem(); as problem) {
        <p class="alert" role="alert"><e-icon name="warning" />{{ errorMessages.of(problem) }}</p>
      }
      @if (email(); as email) {
        <p role="status">{{ t('verified', { email }) }}</p>
        <a class="button primary large" routerLink="/account">{{ t('toAccount') }}</a>
      } @else if (token(); as token) {
        <button type="button" class="button primary large" [disabled]="request.isPending()" (click)="verify(token)">
          {{ t('verify') }}
        </button>
      }
    </div>
  `,
})
export default class VerifyEmailPage {
  protected readonly t = injectTexts(recoveryTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly token = linkToken();
  protected readonly request = new RequestState();
  protected readonly email = signal<string | null>(null);
  private readonly api = inject(Api);

  protected async verify(token: string): Promise<void> {
    await this.request.run(async () => {
      const { email } = await this.api.post('/api/v1/auth/email-verifications', { json: { token }, as: 'none' });
      this.email.set(email);
    });
  }
}
