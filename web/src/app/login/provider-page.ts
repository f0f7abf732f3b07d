import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { ActivatedRoute, Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { ProviderLogin, ProviderPurpose } from '../core/session/provider-login';
import { Reauthentication } from '../core/session/reauthentication';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { RecoveryCodes } from '../shared/recovery-codes';
import { validateName } from './credentials';
import { loginTexts } from './login-texts';
import { providerTexts } from './provider-texts';

type Step = 'working' | 'failed' | 'code' | 'register' | 'codes';

/** Where the OpenID Connect provider sends the browser back: logs in, registers, links or confirms. */
@Component({
  imports: [Icon, RecoveryCodes, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './provider-page.html',
  styleUrl: './credentials-page.scss',
})
export default class ProviderPage {
  protected readonly t = injectTexts(providerTexts);
  protected readonly login = injectTexts(loginTexts);
  protected readonly request = new RequestState();
  protected readonly step = signal<Step>('working');
  /** The name of the provider. */
  protected readonly name = signal('OpenID Connect');
  /** The name that the provider gives its user. */
  protected readonly userName = signal('');
  protected readonly suggestion = signal('');
  protected readonly codes = signal<readonly string[]>([]);
  protected readonly isLogin = computed(() => this.purpose() === 'login');
  protected readonly nameError = computed(() => {
    const key = this.localNameError();
    if (key) return this.login(key);
    const problem = this.request.problem();
    return problem?.field('username') ? this.errorMessages.of(problem) : null;
  });
  protected readonly message = computed(() => {
    const key = this.failure();
    if (key) return this.t(key, { name: this.name() });
    const problem = this.request.problem();
    return problem && !problem.field('username') ? this.errorMessages.of(problem) : null;
  });
  private readonly failure = signal<'cancelled' | 'failed' | 'lost' | null>(null);
  private readonly localNameError = signal<ReturnType<typeof validateName>>(null);
  private readonly purpose = signal<ProviderPurpose>('login');
  private ticket = '';
  private next = '/library';
  private wasGuest = false;
  private readonly api = inject(Api);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly notices = inject(Notices);
  private readonly provider = inject(ProviderLogin);
  private readonly reauthentication = inject(Reauthentication);
  private readonly router = inject(Router);
  private readonly session = inject(Session);

  constructor() {
    void this.begin(inject(ActivatedRoute).snapshot.queryParamMap);
  }

  protected async again(): Promise<void> {
    this.failure.set(null);
    await this.request.run(() => this.provider.begin(this.purpose(), this.next));
  }

  protected async logIn(code?: string): Promise<void> {
    this.wasGuest = this.session.user()?.guest ?? false;
    const isDone = await this.request.run(() => this.session.logInWithProvider(this.ticket, code));
    if (isDone) return this.leave();
    const isCodeMissing = this.request.problem()?.slug === 'second-factor-required';
    if (isCodeMissing) this.request.problem.set(null);
    if (isCodeMissing) this.step.set('code');
    else if (this.step() !== 'code') this.step.set('failed');
  }

  protected async register(username: string): Promise<void> {
    this.localNameError.set(validateName(username));
    if (this.localNameError()) return;
    this.wasGuest = this.session.user()?.guest ?? false;
    const isDone = await this.request.run(async () =>
      this.codes.set(await this.session.registerWithProvider(this.ticket, username)),
    );
    if (isDone) this.step.set('codes');
    else if (this.request.problem()?.slug === 'provider-login-ended') this.step.set('failed');
  }

  protected async leave(): Promise<void> {
    const name = this.session.user()?.username ?? '';
    this.notices.show(this.login(this.wasGuest ? 'welcomeGuest' : 'welcome', { name }), { kind: 'good' });
    await this.router.navigateByUrl(this.next);
  }

  private async begin(answer: { get(name: string): string | null }): Promise<void> {
    const begun = this.provider.take();
    // The address has a code, which must not stay in the history.
    history.replaceState(history.state, '', location.pathname);
    await this.loadName();
    if (begun) {
      this.ticket = begun.ticket;
      this.purpose.set(begun.purpose);
      this.next = begun.next;
    }
    const [state, code, error] = [answer.get('state'), answer.get('code'), answer.get('error')];
    if (error) return this.fail(error === 'access_denied' ? 'cancelled' : 'failed');
    if (!begun || !state || !code) return this.fail('lost');
    const iss = answer.get('iss') ?? undefined;
    const isDone = await this.request.run(async () => {
      const json = { ticket: begun.ticket, state, code, ...(iss ? { iss } : {}) };
      const user = await this.api.post('/api/v1/auth/provider/completion', { json, as: 'none' });
      this.userName.set(user.name);
      this.suggestion.set(user.suggested_username ?? '');
      if (begun.purpose !== 'login') await this.confirm(begun.purpose);
      else if (!user.is_linked) this.step.set('register');
    });
    if (!isDone) this.step.set('failed');
    else if (begun.purpose === 'login' && this.step() === 'working') await this.logIn();
  }

  private async confirm(purpose: 'link' | 'confirm'): Promise<void> {
    const json = { ticket: this.ticket };
    if (purpose === 'link') {
      await this.reauthentication.run(() => this.api.post('/api/v1/auth/me/provider', { json }));
    } else {
      await this.api.post('/api/v1/auth/me/reauthentication/provider', { json });
    }
    this.notices.show(this.t(purpose === 'link' ? 'linked' : 'confirmed', { name: this.name() }), { kind: 'good' });
    await this.router.navigateByUrl(this.next);
  }

  private fail(failure: 'cancelled' | 'failed' | 'lost'): void {
    this.failure.set(failure);
    this.step.set('failed');
  }

  private async loadName(): Promise<void> {
    try {
      const { provider } = await this.api.get('/api/v1/auth/login-options', { as: 'none' });
      if (provider) this.name.set(provider);
    } catch {
      // The name is for display only.
    }
  }
}
