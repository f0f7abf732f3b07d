import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { linkToken } from '../login/link-token';
import { Icon } from '../shared/icon';
import { notificationsPageTexts } from './notifications-page-texts';

/** Ends digests with the link of a mail, without a login, after a click: programs that check mails open links, too. */
@Component({
  imports: [Icon, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: '../login/credentials-page.scss',
  template: `
    <div class="card">
      <header>
        <h1>{{ t('unsubscribeTitle') }}</h1>
        <p>{{ t(token() ? 'unsubscribeLead' : 'unsubscribeMissing') }}</p>
      </header>
      @if (request.problem(); as problem) {
        <p class="alert" role="alert"><e-icon name="warning" />{{ errorMessages.of(problem) }}</p>
      }
      @if (isDone()) {
        <p role="status">{{ t('unsubscribed') }}</p>
      } @else if (token(); as token) {
        <button type="button" class="button primary large" [disabled]="request.isPending()" (click)="end(token)">
          {{ t('unsubscribe') }}
        </button>
      }
      <p class="other">
        <a routerLink="/notifications">{{ t('unsubscribeSettings') }}</a>
      </p>
    </div>
  `,
})
export default class UnsubscribePage {
  protected readonly t = injectTexts(notificationsPageTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly token = linkToken();
  protected readonly request = new RequestState();
  protected readonly isDone = signal(false);
  private readonly api = inject(Api);

  protected async end(token: string): Promise<void> {
    const query = { token };
    this.isDone.set(await this.request.run(() => this.api.post('/api/v1/auth/unsubscriptions', { query, as: 'none' })));
  }
}
