import { Injectable, effect, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../api/api';
import { readEvents } from '../api/events';
import type { Schema } from '../api/types';
import { Backoff, loadWithRetry } from '../backoff';
import { Notices } from '../notices/notices';
import { Session } from '../session/session';
import { Language } from '../text/language';
import { translateWith } from '../text/texts';

export type Notification = Schema<'NotificationAnswer'>;

/** The data of an event; the OpenAPI document does not describe event streams. */
interface Update {
  readonly unread_count: number;
  readonly latest: Notification | null;
}

/** Pages that show the progress of the pieces that were requested there, whose end needs no notice. */
const SHOWS_PROGRESS = /^\/(\?.*piece=|compare|library\/songs\/[^/]+\/edit)/;

/** The unread notifications of the user, kept up to date by server-sent events while the page is visible. */
@Injectable({ providedIn: 'root' })
export class LiveNotifications {
  readonly unreadCount = signal(0);
  /** The latest notification that arrived while this page was open. */
  readonly latest = signal<Notification | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly language = inject(Language);
  private connection: AbortController | null = null;
  private lastId = '';
  private isFirst = true;

  constructor() {
    effect(() => {
      const userId = this.session.user()?.id;
      this.stop();
      this.unreadCount.set(0);
      this.latest.set(null);
      this.lastId = '';
      this.isFirst = true;
      if (userId !== undefined) this.start();
    });
    // Browsers allow few connections to a site without HTTP/2, so hidden tabs keep none.
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.stop();
      else if (this.session.user()) this.start();
    });
  }

  private start(): void {
    if (this.connection || document.hidden) return;
    this.connection = new AbortController();
    void this.follow(this.connection.signal);
  }

  private stop(): void {
    this.connection?.abort();
    this.connection = null;
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        const headers: Record<string, string> = this.lastId ? { 'Last-Event-ID': this.lastId } : {};
        const response = await this.api.fetch('/api/v1/library/notifications/events', { headers, signal });
        for await (const event of readEvents(response.body as ReadableStream<Uint8Array>)) {
          this.apply(JSON.parse(event.data) as Update);
          this.lastId = event.id || this.lastId;
          backoff.reset();
        }
      } catch {
        // The connection is opened again after a pause, also after a logout elsewhere: the token is then missing.
      }
      if (!signal.aborted) await backoff.wait(signal);
    }
  }

  private apply(update: Update): void {
    this.unreadCount.set(update.unread_count);
    const { latest } = update;
    // What was unread before the page opened is counted, but not announced.
    if (latest && !this.isFirst) {
      this.latest.set(latest);
      if (latest.kind !== 'generation' || !SHOWS_PROGRESS.test(this.router.url)) void this.announce(latest);
    }
    this.isFirst = false;
  }

  private async announce(latest: Notification): Promise<void> {
    const { notificationText, notificationTexts } = await loadWithRetry(() => import('./notification-texts'));
    this.notices.show(notificationText(latest, translateWith(notificationTexts, this.language)));
  }
}
