import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { Passkeys, supportsPasskeys } from '../core/session/passkeys';
import { ProviderLogin } from '../core/session/provider-login';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { RecoveryCodes } from '../shared/recovery-codes';
import { Credentials, CredentialsForm, CredentialsMode } from './credentials-form';
import { loginTexts } from './login-texts';

const TEXT_KEYS = {
  login: { title: 'loginTitle', lead: 'loginLead', question: 'noAccount', link: 'toRegister' },
  register: { title: 'registerTitle', lead: 'registerLead', question: 'haveAccount', link: 'toLogin' },
} as const;

/** The pages to log in and to register; the songs of a guest move to the account. */
@Component({
  imports: [CredentialsForm, Icon, RecoveryCodes, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let keys = textKeys();
    @if (codes(); as codes) {
      <div class="card">
        <header>
          <h1>{{ t('codesTitle') }}</h1>
          <p>{{ t('codesLead') }}</p>
        </header>
        <e-recovery-codes [codes]="codes" />
        <button type="button" class="button primary large" (click)="leave()">{{ t('codesContinue') }}</button>
      </div>
    } @else {
      <div class="card">
        <header>
          <h1>{{ t(keys.title) }}</h1>
          <p>{{ t(keys.lead) }}</p>
        </header>
        <e-credentials-form
          [mode]="mode()"
          [isBusy]="request.isPending()"
          [needsCode]="needsCode()"
          [problem]="request.problem()"
          (submitted)="submit($event)"
        />
        @if (provider(); as name) {
          <button type="button" class="button large" [disabled]="request.isPending()" (click)="logInWithProvider()">
            <e-icon name="login" />{{ t('logInWith', { name }) }}
          </button>
        }
        @if (mode() === 'login') {
          @if (offersPasskeys()) {
            <button type="button" class="button large" [disabled]="request.isPending()" (click)="logInWithPasskey()">
              <e-icon name="key" />{{ t('logInWithPasskey') }}
            </button>
          }
          <p class="other">
            <a routerLink="/recover">{{ t('toRecover') }}</a>
          </p>
        }
        <p class="other">
          {{ t(keys.question) }}
          <a [routerLink]="mode() === 'login' ? '/register' : '/login'" queryParamsHandling="preserve">
            {{ t(keys.link) }}
          </a>
        </p>
      </div>
    }
  `,
  styleUrl: './credentials-page.scss',
})
export default class CredentialsPage {
  /** Set by the route. */
  readonly mode = input.required<CredentialsMode>();
  /** The path of the page to open afterwards. */
  readonly next = input<string>();
  protected readonly t = injectTexts(loginTexts);
  protected readonly textKeys = computed(() => TEXT_KEYS[this.mode()]);
  protected readonly request = new RequestState();
  protected readonly needsCode = signal(false);
  /** The recovery codes of a new account, which are shown once. */
  protected readonly codes = signal<readonly string[] | null>(null);
  private wasGuest = false;
  protected readonly offersPasskeys = signal(false);
  /** The name of the OpenID Connect provider, if there is one. */
  protected readonly provider = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly passkeys = inject(Passkeys);
  private readonly providerLogin = inject(ProviderLogin);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly session = inject(Session);

  constructor() {
    void this.loadOptions();
  }

  protected async submit({ username, password, code }: Credentials): Promise<void> {
    this.wasGuest = this.session.user()?.guest ?? false;
    const isDone = await this.request.run(async () => {
      if (this.mode() === 'login') await this.session.logIn(username, password, code);
      else this.codes.set(await this.session.register(username, password));
    });
    if (isDone && !this.codes()) await this.leave();
    if (this.request.problem()?.slug === 'second-factor-required') {
      this.needsCode.set(true);
      this.request.problem.set(null);
    }
  }

  protected async logInWithPasskey(): Promise<void> {
    this.wasGuest = this.session.user()?.guest ?? false;
    const isDone = await this.request.run(async () => this.session.logInWithPasskey(await this.passkeys.sign()));
    if (isDone) await this.leave();
  }

  protected async logInWithProvider(): Promise<void> {
    await this.request.run(() => this.providerLogin.begin('login', this.nextPath()));
  }

  protected async leave(): Promise<void> {
    const name = this.session.user()?.username ?? '';
    this.notices.show(this.t(this.wasGuest ? 'welcomeGuest' : 'welcome', { name }), { kind: 'good' });
    await this.router.navigateByUrl(this.nextPath());
  }

  private async loadOptions(): Promise<void> {
    try {
      const options = await this.api.get('/api/v1/auth/login-options', { as: 'none' });
      this.offersPasskeys.set(supportsPasskeys && options.passkeys);
      this.provider.set(options.provider);
    } catch {
      // The password can be used without the options.
    }
  }

  /** Only paths of this application are accepted: a URL of another site does not start with a single slash. */
  private nextPath(): string {
    const next = this.next();
    return next && /^\/(?!\/)/.test(next) ? next : '/library';
  }
}
