import { Injectable, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Credentials } from './credentials-form';
import { loginTexts } from './login-texts';

/** What happens when somebody logs in or registers; a page has one of its own. */
@Injectable()
export class Access {
  readonly busy = signal(false);
  readonly problem = signal<Problem | null>(null);
  private readonly t = injectTexts(loginTexts);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly notices = inject(Notices);

  /** Logs in or registers, greets, and goes to `next`: a path of these pages. */
  async enter(how: 'logIn' | 'register', { username, password }: Credentials, next?: string): Promise<void> {
    this.busy.set(true);
    this.problem.set(null);
    const wasGuest = this.session.user()?.guest ?? false;
    try {
      await this.session[how](username, password);
      this.notices.show(this.t(wasGuest ? 'welcomeGuest' : 'welcome', { name: username }), { kind: 'good' });
      // Only paths of these pages: an address of elsewhere would not begin with one slash.
      await this.router.navigateByUrl(next && /^\/(?!\/)/.test(next) ? next : '/library');
    } catch (error) {
      this.problem.set(Problem.from(error));
    } finally {
      this.busy.set(false);
    }
  }
}
