import { ChangeDetectionStrategy, Component, computed, effect, inject, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { saveFile } from '../shared/save-file';
import { accountTexts } from './account-texts';
import { ApiKeyList } from './api-key-list';
import { DeleteAccountForm } from './delete-account-form';
import { ChangePasswordForm } from './change-password-form';
import { AccountCredentials } from './credentials';
import { EmailSection } from './email-section';
import { PasskeySection } from './passkey-section';
import { ProviderSection } from './provider-section';
import { RecoveryCodesSection } from './recovery-codes-section';
import { SecondFactorSection } from './second-factor-section';
import { SessionList } from './session-list';
import { UsageSection } from './usage-section';

/** What is exported, and the names of the files. */
const EXPORTS = [
  ['/api/v1/library/export', 'euterpe.zip'],
  ['/api/v1/generations/export', 'euterpe-generations.json'],
  ['/api/v1/auth/me/export', 'euterpe-account.json'],
] as const;

/** The account: export, password, e-mail, sessions, API keys, deletion. */
@Component({
  imports: [
    ApiKeyList,
    ChangePasswordForm,
    DeleteAccountForm,
    EmailSection,
    Icon,
    PageState,
    PasskeySection,
    ProviderSection,
    RecoveryCodesSection,
    RouterLink,
    SecondFactorSection,
    SessionList,
    UsageSection,
  ],
  providers: [AccountCredentials],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './account-page.html',
  styleUrls: ['../shared/detail-page.scss', './account-page.scss'],
})
export default class AccountPage {
  protected readonly t = injectTexts(accountTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly format = inject(Format);
  protected readonly session = inject(Session);
  protected readonly exporting = signal(false);
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly credentials = inject(AccountCredentials);
  /** Also without a provider, as long as the account is linked with an earlier one. */
  protected readonly showsProvider = computed(
    () => !!this.credentials.options()?.provider || !!this.credentials.current()?.providers.length,
  );

  constructor() {
    effect(() => {
      if (this.session.isRegistered()) void this.credentials.load().catch((error) => this.errorMessages.show(error));
    });
  }

  protected async logOut(): Promise<void> {
    await this.session.logOut();
    await this.router.navigate(['/']);
  }

  protected async export(): Promise<void> {
    this.exporting.set(true);
    try {
      for (const [path, name] of EXPORTS) {
        const response = await this.api.fetch(path);
        saveFile(await response.blob(), name);
      }
    } catch (error) {
      void this.errorMessages.show(error);
    } finally {
      this.exporting.set(false);
    }
  }
}
