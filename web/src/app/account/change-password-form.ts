import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { injectTexts } from '../core/text/texts';
import { accountTexts } from './account-texts';
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
  protected readonly fields = computed<PasswordField[]>(() => [
    { name: 'current_password', label: this.t('currentPassword'), kind: 'current' },
    { name: 'new_password', label: this.t('newPassword'), kind: 'new' },
  ]);

  protected readonly changePassword = async ({
    current_password = '',
    new_password = '',
    option,
  }: Record<string, string>) => {
    const revoke_api_keys = option === 'on';
    await this.api.put('/api/v1/auth/me/password', { json: { current_password, new_password, revoke_api_keys } });
    this.notices.show(this.t('passwordChanged'), { kind: 'good' });
  };
}
