import { ChangeDetectionStrategy, Component, effect, inject, signal, untracked } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { LiveNotifications, Notification } from '../core/notifications/live-notifications';
import { notificationLink, notificationText, notificationTexts } from '../core/notifications/notification-texts';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon, IconName } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Avatar } from '../shared/users/avatar';
import { NotificationSettings } from './notification-settings';
import { notificationsPageTexts } from './notifications-page-texts';

const ICONS: Readonly<Record<Notification['kind'], IconName>> = {
  like: 'heart',
  comment: 'comment',
  reply: 'comment',
  mention: 'comment',
  follow: 'account',
  remix: 'again',
  generation: 'note',
  report: 'check',
  moderation: 'warning',
};

/** The notifications of the user, and where to be notified of what. */
@Component({
  imports: [Avatar, Icon, NotificationSettings, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './notifications-page.html',
  styleUrl: './notifications-page.scss',
})
export default class NotificationsPage {
  protected readonly t = injectTexts(notificationsPageTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly live = inject(LiveNotifications);
  protected readonly items = signal<readonly Notification[] | null>(null);
  protected readonly cursor = signal<string | null>(null);
  protected readonly unreadOnly = signal(false);
  protected readonly request = new RequestState();
  protected readonly link = notificationLink;
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly sentences = injectTexts(notificationTexts);

  constructor() {
    effect(() => {
      if (!this.session.user()) return;
      this.unreadOnly();
      untracked(() => void this.load(null));
    });
    effect(() => {
      const latest = this.live.latest();
      if (!latest) return;
      // Each notification is listed once, however it arrived.
      this.items.update((items) => items && [latest, ...items.filter((item) => item.id !== latest.id)]);
    });
  }

  protected text(item: Notification): string {
    return notificationText(item, this.sentences);
  }

  protected icon(item: Notification): IconName {
    return ICONS[item.kind];
  }

  /** The beginning of the comment that a notification is about. */
  protected quotation(item: Notification): string | null {
    if (item.kind === 'moderation') return item.comment_text ?? null;
    return ['comment', 'reply', 'mention'].includes(item.kind) ? item.text : null;
  }

  protected async load(cursor: string | null): Promise<void> {
    await this.request.run(async () => {
      const query = { limit: 30, unread: this.unreadOnly(), ...(cursor === null ? {} : { cursor }) };
      const page = await this.api.get('/api/v1/library/notifications', { query: query as never });
      this.items.update((items) => [...(cursor === null ? [] : (items ?? [])), ...page.items]);
      this.cursor.set(page.next_cursor ?? null);
    });
  }

  protected async open(item: Notification): Promise<void> {
    const link = notificationLink(item);
    if (!item.read) await this.setRead(item, true);
    if (link) await this.router.navigate(link);
  }

  protected async setRead(item: Notification, read: boolean): Promise<void> {
    const path = { notification_id: item.id };
    try {
      if (read) await this.api.put('/api/v1/library/notifications/{notification_id}/read', { path });
      else await this.api.delete('/api/v1/library/notifications/{notification_id}/read', { path });
      this.items.update((items) => items?.map((each) => (each.id === item.id ? { ...each, read } : each)) ?? null);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async readAll(): Promise<void> {
    const until = this.items()?.[0]?.id ?? null;
    try {
      await this.api.put('/api/v1/library/notifications/read', { json: { until } });
      this.items.update((items) => items?.map((item) => ({ ...item, read: true })) ?? null);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
