import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectTexts } from '../core/text/texts';
import { Access } from './access';
import { CredentialsForm } from './credentials-form';
import { loginTexts } from './login-texts';

/** Begins a session; what a guest composed joins the account. */
@Component({
  imports: [CredentialsForm, RouterLink],
  providers: [Access],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="card">
      <header>
        <h1>{{ t('loginTitle') }}</h1>
        <p>{{ t('loginLead') }}</p>
      </header>
      <e-credentials-form
        mode="login"
        [busy]="access.busy()"
        [problem]="access.problem()"
        (submitted)="access.enter('logIn', $event, next())"
      />
      <p class="other">
        {{ t('noAccount') }}
        <a routerLink="/register" queryParamsHandling="preserve">{{ t('toRegister') }}</a>
      </p>
    </div>
  `,
  styleUrl: './login-page.scss',
})
export default class LoginPage {
  /** Where to go afterwards: a path of these pages. */
  readonly next = input<string>();
  protected readonly t = injectTexts(loginTexts);
  protected readonly access = inject(Access);
}
