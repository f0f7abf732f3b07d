import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
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
import { ApiKeys } from './api-keys';
import { LeaveForm } from './leave-form';
import { PasswordForm } from './password-form';
import { Sessions } from './sessions';

/** Who one is here, from where, with which keys; and the way out. */
@Component({
  imports: [ApiKeys, Icon, LeaveForm, PageState, PasswordForm, RouterLink, Sessions],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './account-page.html',
  styleUrl: './account-page.scss',
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

  protected async logOut(): Promise<void> {
    await this.session.logOut();
    await this.router.navigate(['/']);
  }

  protected async export(): Promise<void> {
    this.exporting.set(true);
    try {
      const answer = await this.api.fetch('/api/v1/library/export');
      saveFile(await answer.blob(), 'euterpe.zip');
    } catch (error) {
      this.errorMessages.show(error);
    } finally {
      this.exporting.set(false);
    }
  }
}
