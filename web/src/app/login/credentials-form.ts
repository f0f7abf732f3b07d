import {
  ChangeDetectionStrategy,
  Component,
  ElementRef,
  computed,
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
import { nameProblem, passwordProblem } from './credentials';
import { LoginKey, loginTexts } from './login-texts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Name and password, checked while they are typed where an account is made, and on sending where somebody logs in. */
@Component({
  selector: 'e-credentials-form',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './credentials-form.html',
  styleUrl: './credentials-form.scss',
})
export class CredentialsForm {
  readonly mode = input.required<'login' | 'register'>();
  readonly busy = input(false);
  readonly problem = input<Problem | null>(null);
  readonly send = output<Credentials>();

  protected readonly t = injectTexts(loginTexts);
  protected readonly username = signal('');
  protected readonly password = signal('');
  protected readonly left = signal({ username: false, password: false });
  protected readonly shown = signal(false);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly nameInput = viewChild.required<ElementRef<HTMLInputElement>>('nameInput');
  private readonly passwordInput = viewChild.required<ElementRef<HTMLInputElement>>('passwordInput');

  protected readonly nameError = computed(() => this.error('username', nameProblem(this.username())));
  protected readonly passwordError = computed(() => this.error('password', passwordProblem(this.password())));
  /** A problem that belongs to no field. */
  protected readonly formError = computed(() => {
    const problem = this.problem();
    return problem && !problem.field('username') && !problem.field('password') ? this.errorMessages.of(problem) : null;
  });

  protected leave(field: 'username' | 'password'): void {
    if (this.mode() === 'register' && this[field]()) this.left.update((left) => ({ ...left, [field]: true }));
  }

  protected submit(event: Event): void {
    event.preventDefault();
    this.left.set({ username: true, password: true });
    if (this.nameError()) this.nameInput().nativeElement.focus();
    else if (this.passwordError()) this.passwordInput().nativeElement.focus();
    else this.send.emit({ username: this.username(), password: this.password() });
  }

  private error(field: 'username' | 'password', own: LoginKey | null): string | null {
    const missing = own === 'needName' || own === 'needPassword';
    if (own && this.left()[field] && (this.mode() === 'register' || missing)) return this.t(own);
    const problem = this.problem();
    const error = problem?.field(field);
    if (!problem || !error) return null;
    if (problem.slug !== 'validation-error') return this.errorMessages.of(problem);
    const limits = Object.keys(error.limits ?? {}).length > 0;
    return field === 'password' && !limits ? this.t('passwordCommon') : this.errorMessages.ofField(error);
  }
}
