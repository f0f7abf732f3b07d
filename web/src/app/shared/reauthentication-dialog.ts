import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Passkeys, supportsPasskeys } from '../core/session/passkeys';
import { ProviderLogin } from '../core/session/provider-login';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { reauthenticationTexts } from './reauthentication-texts';

/** Asks for the password or a passkey before a change of credentials. Its result is true after a confirmation. */
@Component({
  imports: [MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h2 mat-dialog-title>{{ t('title') }}</h2>
    <mat-dialog-content>
      <form id="reauthenticate" class="stack" (submit)="$event.preventDefault(); confirm(password.value)">
        <p class="muted">{{ t('lead') }}</p>
        @if (provider(); as name) {
          <p class="muted">{{ t('providerHint', { name }) }}</p>
        }
        <div class="field" [hidden]="!hasPassword()">
          <label for="reauthentication-password">{{ t('password') }}</label>
          <input
            #password
            id="reauthentication-password"
            class="input"
            type="password"
            autocomplete="current-password"
            maxlength="128"
            [required]="hasPassword()"
          />
        </div>
        @if (request.problem(); as problem) {
          <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
        }
      </form>
    </mat-dialog-content>
    <mat-dialog-actions align="end">
      <button type="button" class="button" [mat-dialog-close]="false">{{ common('cancel') }}</button>
      @if (supportsPasskeys) {
        <button type="button" class="button" [disabled]="request.isPending()" (click)="usePasskey()">
          {{ t('passkey') }}
        </button>
      }
      @if (provider(); as name) {
        <button type="button" class="button" [disabled]="request.isPending()" (click)="useProvider()">
          {{ t('provider', { name }) }}
        </button>
      }
      @if (hasPassword()) {
        <button type="submit" form="reauthenticate" class="button primary" [disabled]="request.isPending()">
          {{ t('confirm') }}
        </button>
      }
    </mat-dialog-actions>
  `,
})
export class ReauthenticationDialog {
  protected readonly t = injectTexts(reauthenticationTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly supportsPasskeys = supportsPasskeys;
  protected readonly hasPassword = signal(true);
  /** The name of the provider, if the account is linked with its user. */
  protected readonly provider = signal<string | null>(null);
  private readonly passkeys = inject(Passkeys);
  private readonly providerLogin = inject(ProviderLogin);
  private readonly router = inject(Router);
  private readonly api = inject(Api);
  private readonly reference = inject<MatDialogRef<ReauthenticationDialog, boolean>>(MatDialogRef);

  constructor() {
    void this.load();
  }

  /** Open the provider's page, which asks for its password and comes back to this page. */
  protected async useProvider(): Promise<void> {
    await this.request.run(() => this.providerLogin.begin('confirm', this.router.url));
  }

  protected async confirm(password: string): Promise<void> {
    await this.request.run(async () => {
      await this.api.post('/api/v1/auth/me/reauthentication', { json: { password } });
      this.reference.close(true);
    });
  }

  protected async usePasskey(): Promise<void> {
    await this.request.run(async () => {
      const json = { credential: await this.passkeys.sign() };
      await this.api.post('/api/v1/auth/me/reauthentication/passkey', { json });
      this.reference.close(true);
    });
  }

  private async load(): Promise<void> {
    try {
      const [credentials, options] = await Promise.all([
        this.api.get('/api/v1/auth/me/credentials'),
        this.api.get('/api/v1/auth/login-options', { as: 'none' }),
      ]);
      this.hasPassword.set(credentials.password);
      if (credentials.providers.length) this.provider.set(options.provider);
    } catch {
      // The password can be used without them.
    }
  }
}
