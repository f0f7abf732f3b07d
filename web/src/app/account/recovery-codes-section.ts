import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Reauthentication } from '../core/session/reauthentication';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { RecoveryCodes } from '../shared/recovery-codes';
import { AccountCredentials } from './credentials';
import { securityTexts } from './security-texts';

/** The recovery codes of the account: how many are left, and new ones. */
@Component({
  selector: 'e-recovery-codes-section',
  imports: [RecoveryCodes],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('codes') }}</h2>
    <p class="muted">{{ t('codesHint') }}</p>
    @if (codes(); as codes) {
      <div class="secret" role="status"><e-recovery-codes [codes]="codes" /></div>
    }
    @if (credentials.current(); as current) {
      <p>{{ t('codesLeft', { n: current.recovery_codes }) }}</p>
    }
    @if (request.problem(); as problem) {
      <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
    }
    <button type="button" class="button" [disabled]="request.isPending()" (click)="create()">
      {{ t('codesCreate') }}
    </button>
  `,
  styles: `
    p {
      margin-bottom: 0.9rem;
    }
  `,
})
export class RecoveryCodesSection {
  protected readonly t = injectTexts(securityTexts);
  protected readonly credentials = inject(AccountCredentials);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly codes = signal<readonly string[] | null>(null);
  private readonly api = inject(Api);
  private readonly reauthentication = inject(Reauthentication);

  protected async create(): Promise<void> {
    await this.request.run(async () => {
      const created = await this.reauthentication.run(() => this.api.post('/api/v1/auth/me/recovery-codes'));
      this.codes.set(created.recovery_codes);
      await this.credentials.load();
    });
  }
}
