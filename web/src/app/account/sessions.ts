import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { accountTexts } from './account-texts';

/** Where one is logged in; each can be ended. */
@Component({
  selector: 'e-sessions',
  imports: [PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('sessions') }}</h2>
    @if (problem(); as problem) {
      <e-page-state [problem]="problem" (retry)="load()" />
    } @else {
      <ul>
        @for (one of sessions(); track one.id) {
          <li>
            <span class="what">
              <span>{{ one.current ? t('here') : one.user_agent || one.address }}</span>
              <span class="muted">{{ t('lastUsed', { date: format.dateTime(one.last_used_at) }) }}</span>
            </span>
            @if (!one.current) {
              <button type="button" class="button small" (click)="end(one)">{{ t('end') }}</button>
            }
          </li>
        }
      </ul>
      <button type="button" class="button" (click)="endAll()">{{ t('logOutEverywhere') }}</button>
    }
  `,
})
export class Sessions {
  protected readonly t = injectTexts(accountTexts);
  protected readonly format = inject(Format);
  protected readonly sessions = signal<readonly Schema<'SessionAnswer'>[]>([]);
  protected readonly problem = signal<Problem | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly session = inject(Session);

  constructor() {
    void this.load();
  }

  protected async load(): Promise<void> {
    this.problem.set(null);
    try {
      this.sessions.set((await this.api.get('/api/v1/auth/sessions')).items);
    } catch (error) {
      this.problem.set(Problem.from(error));
    }
  }

  protected async end(one: Schema<'SessionAnswer'>): Promise<void> {
    try {
      await this.api.delete('/api/v1/auth/sessions/{session_id}', { path: { session_id: one.id } });
      this.sessions.update((all) => all.filter((other) => other.id !== one.id));
      this.notices.show(this.t('ended'), { kind: 'good' });
    } catch (error) {
      this.errorMessages.show(error);
    }
  }

  protected async endAll(): Promise<void> {
    try {
      await this.api.post('/api/v1/auth/logout-everywhere');
    } catch (error) {
      return this.errorMessages.show(error);
    }
    this.session.clear();
    await this.router.navigate(['/login']);
  }
}
