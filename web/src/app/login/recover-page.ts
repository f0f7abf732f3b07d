import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { validatePassword } from './credentials';
import { linkToken } from './link-token';
import { loginTexts } from './login-texts';
import { recoveryTexts } from './recovery-texts';

type Fields = Partial<Record<'name' | 'code' | 'password' | 'revoke', string>>;

/** Recovers a lost password: requests a link, and chooses a new password with a link or with a recovery code. */
@Component({
  imports: [Icon, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './credentials-page.scss',
  templateUrl: './recover-page.html',
})
export default class RecoverPage {
  protected readonly t = injectTexts(recoveryTexts);
  protected readonly login = injectTexts(loginTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly token = linkToken();
  protected readonly request = new RequestState();
  protected readonly isSent = signal(false);
  /** Whether the form for a recovery code is shown instead of that for a link. */
  protected readonly usesCode = signal(false);
  protected readonly lead = computed(() =>
    this.t(this.token() ? 'newPasswordLead' : this.usesCode() ? 'codeLead' : 'recoverLead'),
  );
  /** Whether this site can send mails; null until that is known. */
  protected readonly sendsMails = signal<boolean | null>(null);
  private readonly localError = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly session = inject(Session);

  protected readonly passwordError = computed(() => {
    const problem = this.request.problem();
    const field = problem?.field('new_password');
    if (this.localError()) return this.localError();
    if (!problem || !field) return null;
    return Object.keys(field.limits ?? {}).length ? this.errorMessages.ofField(field) : this.login('passwordTooCommon');
  });
  protected readonly formError = computed(() => {
    const problem = this.request.problem();
    return problem && !problem.field('new_password') ? this.errorMessages.of(problem) : null;
  });

  constructor() {
    void this.loadOptions();
  }

  protected async send(account: string): Promise<void> {
    const json = { account: account.trim(), language: this.language.code() };
    this.isSent.set(
      await this.request.run(() => this.api.post('/api/v1/auth/password-recovery', { json, as: 'none' })),
    );
  }

  protected async save(form: HTMLFormElement): Promise<void> {
    const { name = '', code = '', password = '', revoke } = Object.fromEntries(new FormData(form)) as Fields;
    const error = validatePassword(password);
    this.localError.set(error && this.login(error));
    if (error) return;
    const change = { new_password: password, revoke_api_keys: revoke === 'on' };
    const isSaved = await this.request.run(() =>
      this.token()
        ? this.api.post('/api/v1/auth/password-recovery/completion', {
            json: { token: this.token() ?? '', ...change },
            as: 'none',
          })
        : this.api.post('/api/v1/auth/password-recovery/code', {
            json: { username: name.trim(), recovery_code: code.trim(), ...change },
            as: 'none',
          }),
    );
    if (!isSaved) return;
    // The session of this browser has ended, too.
    if (this.session.isRegistered()) this.session.clear();
    this.notices.show(this.t('recovered'), { kind: 'good' });
    await this.router.navigate(['/login'], { replaceUrl: true });
  }

  private async loadOptions(): Promise<void> {
    try {
      this.sendsMails.set((await this.api.get('/api/v1/auth/login-options', { as: 'none' })).mails);
    } catch {
      // The form reports the problem when it is sent.
      this.sendsMails.set(true);
    }
  }
}
