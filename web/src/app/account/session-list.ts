import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { accountTexts } from './account-texts';
import { browserName } from './browser-name';

/** The sessions of the user on all devices; each can be ended. */
@Component({
  selector: 'e-session-list',
  imports: [PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('sessions') }}</h2>
    @if (request.problem(); as problem) {
      <e-page-state [problem]="problem" (retry)="load()" />
    } @else {
      <ul>
        @for (session of sessions(); track session.id) {
          <li>
            <span class="details">
              <span>{{ nameOf(session) }}</span>
              <span class="muted">{{ t('lastUsed', { date: format.dateTime(session.last_used_at) }) }}</span>
            </span>
            @if (!session.current) {
              <button type="button" class="button small" (click)="end(session)">{{ t('endSession') }}</button>
            }
          </li>
        }
      </ul>
      <button type="button" class="button" (click)="endAll()">{{ t('logOutEverywhere') }}</button>
    }
  `,
})
export class SessionList {
  protected readonly t = injectTexts(accountTexts);
  protected readonly format = inject(Format);
  protected readonly sessions = signal<readonly Schema<'SessionAnswer'>[]>([]);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly currentSession = inject(Session);
  private readonly language = inject(Language);

  constructor() {
    void this.load();
  }

  protected nameOf(session: Schema<'SessionAnswer'>): string {
    if (session.current) return this.t('thisBrowser');
    return browserName(session.user_agent, this.language.code()) || session.address;
  }

  protected async load(): Promise<void> {
    await this.request.run(async () => this.sessions.set((await this.api.get('/api/v1/auth/sessions')).items));
  }

  protected async end(session: Schema<'SessionAnswer'>): Promise<void> {
    try {
      await this.api.delete('/api/v1/auth/sessions/{session_id}', { path: { session_id: session.id } });
      this.sessions.update((all) => all.filter((other) => other.id !== session.id));
      this.notices.show(this.t('sessionEnded'), { kind: 'good' });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async endAll(): Promise<void> {
    try {
      await this.api.post('/api/v1/auth/logout-everywhere');
    } catch (error) {
      return this.errorMessages.show(error);
    }
    this.currentSession.clear();
    await this.router.navigate(['/login']);
  }
}
