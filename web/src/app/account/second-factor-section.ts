import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Reauthentication } from '../core/session/reauthentication';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { RecoveryCodes } from '../shared/recovery-codes';
import { AccountCredentials } from './credentials';
import { securityTexts } from './security-texts';

/** The second factor of the account: sets up an authenticator app, and disables it. */
@Component({
  selector: 'e-second-factor-section',
  imports: [RecoveryCodes],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('totp') }}</h2>
    <p class="muted">{{ t('totpHint') }}</p>
    @if (codes(); as codes) {
      <div class="secret" role="status"><e-recovery-codes [codes]="codes" /></div>
    }
    @if (credentials.current()?.totp) {
      <ul>
        <li>
          <span class="details">{{ t('totpOn') }}</span>
          <button type="button" class="button small" (click)="disable()">{{ t('totpDisable') }}</button>
        </li>
      </ul>
    } @else if (secret(); as secret) {
      <form (submit)="$event.preventDefault(); enable(code.value)">
        <p>{{ t('totpScan') }}</p>
        <img [src]="secret.qr_code" [alt]="t('totpQr')" width="200" height="200" />
        <details>
          <summary>{{ t('totpManual') }}</summary>
          <code>{{ secret.secret }}</code>
        </details>
        <label class="field">
          {{ t('totpCode') }}
          <input
            #code
            class="input"
            inputmode="numeric"
            autocomplete="one-time-code"
            minlength="6"
            maxlength="16"
            required
          />
        </label>
        <div>
          <button type="submit" class="button" [disabled]="request.isPending()">{{ t('totpEnable') }}</button>
        </div>
      </form>
    } @else {
      <button type="button" class="button" [disabled]="request.isPending()" (click)="begin()">
        {{ t('totpBegin') }}
      </button>
    }
    @if (request.problem(); as problem) {
      <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
    }
  `,
  styles: `
    img {
      max-width: 100%;
      border-radius: var(--radius-small);
      background: #fff;
    }

    details code {
      overflow-wrap: anywhere;
    }
  `,
})
export class SecondFactorSection {
  protected readonly t = injectTexts(securityTexts);
  protected readonly credentials = inject(AccountCredentials);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly secret = signal<Schema<'TotpSecretAnswer'> | null>(null);
  protected readonly codes = signal<readonly string[] | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly reauthentication = inject(Reauthentication);

  protected async begin(): Promise<void> {
    await this.request.run(async () =>
      this.secret.set(await this.reauthentication.run(() => this.api.post('/api/v1/auth/me/totp'))),
    );
  }

  protected async enable(code: string): Promise<void> {
    const json = { code: code.trim() };
    await this.request.run(async () => {
      const path = '/api/v1/auth/me/totp/activation';
      const enabled = await this.reauthentication.run(() => this.api.post(path, { json }));
      this.codes.set(enabled.recovery_codes);
      this.secret.set(null);
      this.notices.show(this.t('totpEnabled'), { kind: 'good' });
      await this.credentials.load();
    });
  }

  protected async disable(): Promise<void> {
    await this.request.run(async () => {
      await this.reauthentication.run(() => this.api.delete('/api/v1/auth/me/totp'));
      this.codes.set(null);
      this.notices.show(this.t('totpDisabled'), { kind: 'good' });
      await this.credentials.load();
    });
  }
}
