import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Passkeys, supportsPasskeys } from '../core/session/passkeys';
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
        <div class="field">
          <label for="reauthentication-password">{{ t('password') }}</label>
          <input
            #password
            id="reauthentication-password"
            class="input"
            type="password"
            autocomplete="current-password"
            maxlength="128"
            required
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
      <button type="submit" form="reauthenticate" class="button primary" [disabled]="request.isPending()">
        {{ t('confirm') }}
      </button>
    </mat-dialog-actions>
  `,
})
export class ReauthenticationDialog {
  protected readonly t = injectTexts(reauthenticationTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly supportsPasskeys = supportsPasskeys;
  private readonly passkeys = inject(Passkeys);
  private readonly api = inject(Api);
  private readonly reference = inject<MatDialogRef<ReauthenticationDialog, boolean>>(MatDialogRef);

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
}
