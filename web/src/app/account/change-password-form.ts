import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { Reauthentication } from '../core/session/reauthentication';
import { injectTexts } from '../core/text/texts';
import { accountTexts } from './account-texts';
import { AccountCredentials } from './credentials';
import { PasswordField, PasswordForm } from './password-form';

@Component({
  selector: 'e-change-password-form',
  imports: [PasswordForm],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <e-password-form
      [heading]="t('password')"
      [fields]="fields()"
      [option]="t('revokeAllKeys')"
      [submitLabel]="t('changePassword')"
      [action]="changePassword"
    />
  `,
})
export class ChangePasswordForm {
  protected readonly t = injectTexts(accountTexts);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly credentials = inject(AccountCredentials);
  private readonly reauthentication = inject(Reauthentication);
  /** An account of a provider has no password until its owner sets one. */
  private readonly hasPassword = computed(() => this.credentials.current()?.password !== false);
  protected readonly fields = computed<PasswordField[]>(() => [
    ...(this.hasPassword()
      ? [{ name: 'current_password', label: this.t('currentPassword'), kind: 'current' } as const]
      : []),
    { name: 'new_password', label: this.t('newPassword'), kind: 'new' },
  ]);

  protected readonly changePassword = async ({
    current_password,
    new_password = '',
    option,
  }: Record<string, string>) => {
    const revoke_api_keys = option === 'on';
    const json = { ...(current_password ? { current_password } : {}), new_password, revoke_api_keys };
    await this.reauthentication.run(() => this.api.put('/api/v1/auth/me/password', { json }));
    await this.credentials.load();
    this.notices.show(this.t('passwordChanged'), { kind: 'good' });
  };
}
