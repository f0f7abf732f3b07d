import {
  ChangeDetectionStrategy,
  Component,
  ElementRef,
  computed,
  effect,
  inject,
  input,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { Problem } from '../core/api/problem';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { validateName, validatePassword } from './credentials';
import { LoginKey, loginTexts } from './login-texts';

export type CredentialsMode = 'login' | 'register';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The code of the second factor, if the account has one. */
  readonly code?: string;
}

/** Name and password, validated on blur to register and only on submit to log in. */
@Component({
  selector: 'e-credentials-form',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './credentials-form.html',
  styleUrl: './credentials-form.scss',
})
export class CredentialsForm {
  readonly mode = input.required<CredentialsMode>();
  readonly isBusy = input(false);
  /** Whether the account needs a code of the second factor. */
  readonly needsCode = input(false);
  readonly problem = input<Problem | null>(null);
  readonly submitted = output<Credentials>();

  protected readonly t = injectTexts(loginTexts);
  protected readonly username = signal('');
  protected readonly password = signal('');
  protected readonly code = signal('');
  protected readonly touched = signal({ username: false, password: false });
  protected readonly isPasswordShown = signal(false);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly codeInput = viewChild<ElementRef<HTMLInputElement>>('codeInput');
  private readonly nameInput = viewChild.required<ElementRef<HTMLInputElement>>('nameInput');
  private readonly passwordInput = viewChild.required<ElementRef<HTMLInputElement>>('passwordInput');

  protected readonly nameError = computed(() => this.error('username', validateName(this.username())));
  protected readonly passwordError = computed(() => this.error('password', validatePassword(this.password())));
  /** The message of a problem that concerns no field. */
  protected readonly formError = computed(() => {
    const problem = this.problem();
    return problem && !problem.field('username') && !problem.field('password') ? this.errorMessages.of(problem) : null;
  });

  constructor() {
    effect(() => this.codeInput()?.nativeElement.focus());
  }

  protected touch(field: 'username' | 'password'): void {
    if (this.mode() === 'register' && this[field]()) this.touched.update((touched) => ({ ...touched, [field]: true }));
  }

  protected submit(event: Event): void {
    event.preventDefault();
    const code = this.code().trim();
    this.touched.set({ username: true, password: true });
    if (this.nameError()) this.nameInput().nativeElement.focus();
    else if (this.passwordError()) this.passwordInput().nativeElement.focus();
    else if (this.needsCode() && !code) this.codeInput()?.nativeElement.focus();
    else this.submitted.emit({ username: this.username(), password: this.password(), ...(code ? { code } : {}) });
  }

  private error(field: 'username' | 'password', localError: LoginKey | null): string | null {
    const isMissing = localError === 'nameRequired' || localError === 'passwordRequired';
    if (localError && this.touched()[field] && (this.mode() === 'register' || isMissing)) return this.t(localError);
    const problem = this.problem();
    const error = problem?.field(field);
    if (!problem || !error) return null;
    if (problem.slug !== 'validation-error') return this.errorMessages.of(problem);
    const hasLimits = Object.keys(error.limits ?? {}).length > 0;
    return field === 'password' && !hasLimits ? this.t('passwordTooCommon') : this.errorMessages.ofField(error);
  }
}
