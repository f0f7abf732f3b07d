import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { PlainText } from '../shared/users/plain-text';
import type { BanTerms } from './ban-dialog';
import { moderationTexts } from './moderation-texts';

type Reported = Schema<'ReportedCommentAnswer'>;

/** The queue of reported comments, banned users, and the log of decisions, for moderators. */
@Component({
  imports: [Icon, PageState, PlainText, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './moderation-page.html',
  styleUrl: './moderation-page.scss',
})
export default class ModerationPage {
  protected readonly t = injectTexts(moderationTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly reports = signal<readonly Reported[] | null>(null);
  protected readonly bans = signal<readonly Schema<'BanAnswer'>[]>([]);
  protected readonly log = signal<readonly Schema<'LogEntryAnswer'>[]>([]);
  protected readonly cursor = signal<string | null>(null);
  protected readonly request = new RequestState();
  protected readonly isRefused = computed(() => this.request.problem()?.slug === 'not-a-moderator');
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  constructor() {
    loadWhenReady(
      () => (this.session.isRegistered() ? this.session.user()?.id : undefined),
      () => this.load(),
    );
  }

  protected async load(): Promise<void> {
    await this.request.run(async () => {
      const reports = await this.api.get('/api/v1/library/moderation/reports');
      this.bans.set((await this.api.get('/api/v1/library/moderation/bans')).items);
      await this.loadLog(null);
      this.reports.set(reports.items);
    });
  }

  protected async loadLog(cursor: string | null): Promise<void> {
    const query = { limit: 20, ...(cursor === null ? {} : { cursor }) };
    const page = await this.api.get('/api/v1/library/moderation/log', { query: query as never });
    this.log.update((entries) => [...(cursor === null ? [] : entries), ...page.items]);
    this.cursor.set(page.next_cursor ?? null);
  }

  protected entry(entry: Schema<'LogEntryAnswer'>): string {
    return this.t(entry.action as 'hidden', { moderator: entry.moderator, user: entry.user_name });
  }

  protected reasons(reported: Reported): string {
    return reported.reasons.map((reason) => this.t(reason as 'spam')).join(', ');
  }

  protected async ban(reported: Reported): Promise<void> {
    const load = () => import('./ban-dialog').then((m) => m.BanDialog);
    const terms = await this.dialogs.open<BanTerms>(load, reported.author);
    if (terms) await this.decide(reported, { decision: 'ban', ...terms });
  }

  protected async decide(reported: Reported, json: Partial<Schema<'DecisionBody'>>): Promise<void> {
    const path = { comment_id: reported.comment_id };
    try {
      await this.api.post('/api/v1/library/moderation/comments/{comment_id}/decision', { path, json: json as never });
      this.notices.show(this.t('decided'), { kind: 'good' });
      await this.load();
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async endBan(ban: Schema<'BanAnswer'>): Promise<void> {
    try {
      await this.api.delete('/api/v1/library/moderation/bans/{author_id}', { path: { author_id: ban.user_id } });
      await this.load();
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
