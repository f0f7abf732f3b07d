import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Credentials, CredentialsForm } from './credentials-form';
import { loginTexts } from './login-texts';

/** Makes an account, with what its guest composed, and logs in. */
@Component({
  imports: [CredentialsForm, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="card">
      <header>
        <h1>{{ t('registerTitle') }}</h1>
        <p>{{ t('registerLead') }}</p>
      </header>
      <e-credentials-form mode="register" [busy]="busy()" [problem]="problem()" (send)="submit($event)" />
      <p class="other">
        {{ t('haveAccount') }}
        <a routerLink="/login" queryParamsHandling="preserve">{{ t('toLogin') }}</a>
      </p>
    </div>
  `,
  styleUrl: './login-page.scss',
})
export default class RegisterPage {
  /** Where to go afterwards: a path of these pages. */
  readonly next = input<string>();
  protected readonly t = injectTexts(loginTexts);
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | null>(null);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly notices = inject(Notices);

  protected async submit({ username, password }: Credentials): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    const wasGuest = this.session.user()?.guest ?? false;
    try {
      await this.session.register(username, password);
      this.notices.show(this.t(wasGuest ? 'keptAll' : 'welcome', { name: username }), { kind: 'good' });
      // Only paths of these pages: an address of elsewhere would not begin with one slash.
      const next = this.next();
      await this.router.navigateByUrl(next && /^\/(?!\/)/.test(next) ? next : '/library');
    } catch (error) {
      this.problem.set(Problem.from(error));
    } finally {
      this.busy.set(false);
    }
  }
}
