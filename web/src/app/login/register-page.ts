import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectTexts } from '../core/text/texts';
import { Access } from './access';
import { CredentialsForm } from './credentials-form';
import { loginTexts } from './login-texts';

/** Makes an account, with what its guest composed, and logs in. */
@Component({
  imports: [CredentialsForm, RouterLink],
  providers: [Access],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="card">
      <header>
        <h1>{{ t('registerTitle') }}</h1>
        <p>{{ t('registerLead') }}</p>
      </header>
      <e-credentials-form
        mode="register"
        [busy]="access.busy()"
        [problem]="access.problem()"
        (submitted)="access.enter('register', $event, next())"
      />
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
  protected readonly access = inject(Access);
}
