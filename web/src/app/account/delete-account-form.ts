import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { Player } from '../core/player/player';
import { Reauthentication } from '../core/session/reauthentication';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { accountTexts } from './account-texts';
import { AccountCredentials } from './credentials';
import { PasswordField, PasswordForm } from './password-form';

@Component({
  selector: 'e-delete-account-form',
  imports: [PasswordForm],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <e-password-form
      [heading]="t('deleteAccount')"
      [lead]="t('deleteAccountHint')"
      [fields]="fields()"
      [submitLabel]="t('deleteAccount')"
      [danger]="true"
      [action]="deleteAccount"
    />
  `,
})
export class DeleteAccountForm {
  protected readonly t = injectTexts(accountTexts);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly player = inject(Player);
  private readonly router = inject(Router);
  private readonly session = inject(Session);
  private readonly credentials = inject(AccountCredentials);
  private readonly reauthentication = inject(Reauthentication);
  protected readonly fields = computed<PasswordField[]>(() =>
    this.credentials.current()?.password === false
      ? []
      : [{ name: 'password', label: this.t('confirmPassword'), kind: 'current' }],
  );

  protected readonly deleteAccount = async ({ password }: Record<string, string>) => {
    const json = password ? { password } : {};
    await this.reauthentication.run(() => this.api.post('/api/v1/auth/me/deletion', { json }));
    this.player.close();
    this.session.clear();
    this.notices.show(this.t('accountDeleted'), { kind: 'good' });
    await this.router.navigate(['/']);
  };
}
