import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { Reauthentication } from '../core/session/reauthentication';
import { ErrorMessages } from '../core/text/error-messages';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { AccountCredentials } from './credentials';
import { securityTexts } from './security-texts';

/** The e-mail address of the account: shows, changes and removes it. */
@Component({
  selector: 'e-email-section',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('email') }}</h2>
    <p class="muted">{{ t('emailHint') }}</p>
    @if (credentials.current(); as current) {
      <ul>
        <li>
          @if (current.email; as email) {
            <!-- A long address breaks before the domain. -->
            <span class="address">{{ localPart(email) }}<wbr />{{ domain(email) }}</span>
            <button type="button" class="button small" (click)="remove()">{{ t('emailRemove') }}</button>
          } @else {
            <span class="details">{{ t('emailNone') }}</span>
          }
        </li>
      </ul>
      @if (current.pending_email; as email) {
        <p role="status">{{ t('emailPending', { email }) }}</p>
      }
    }
    @if (credentials.options()?.mails === false) {
      <p class="muted">{{ t('noMails') }}</p>
    } @else {
      <form (submit)="$event.preventDefault(); save(address.value)">
        <label class="field">
          {{ t('emailLabel') }}
          <input #address class="input" type="email" autocomplete="email" maxlength="254" required />
        </label>
        @if (request.problem(); as problem) {
          <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
        }
        <div>
          <button type="submit" class="button" [disabled]="request.isPending()">{{ t('emailSave') }}</button>
        </div>
      </form>
    }
  `,
  styles: `
    p[role='status'] {
      margin-bottom: 0.9rem;
      overflow-wrap: anywhere;
    }

    li {
      flex-wrap: wrap;
    }

    .address {
      min-width: 0;
      overflow-wrap: break-word;
    }
  `,
})
export class EmailSection {
  protected readonly t = injectTexts(securityTexts);
  protected readonly credentials = inject(AccountCredentials);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly reauthentication = inject(Reauthentication);

  protected localPart(email: string): string {
    return email.slice(0, email.lastIndexOf('@'));
  }

  protected domain(email: string): string {
    return email.slice(email.lastIndexOf('@'));
  }

  protected async save(email: string): Promise<void> {
    const json = { email: email.trim(), language: this.language.code() };
    await this.request.run(async () => {
      await this.reauthentication.run(() => this.api.put('/api/v1/auth/me/email', { json }));
      await this.credentials.load();
    });
  }

  protected async remove(): Promise<void> {
    await this.request.run(async () => {
      await this.reauthentication.run(() => this.api.delete('/api/v1/auth/me/email'));
      this.notices.show(this.t('emailRemoved'), { kind: 'good' });
      await this.credentials.load();
    });
  }
}
