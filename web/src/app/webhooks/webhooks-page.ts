import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { WebhookCard } from './webhook-card';
import { Kind, WebhookKinds, allKinds } from './webhook-kinds';
import { webhooksTexts } from './webhooks-texts';

type Webhook = Schema<'WebhookAnswer'>;

/** The webhooks of the user. The secret of a new one is shown once. */
@Component({
  imports: [Icon, PageState, RouterLink, WebhookCard, WebhookKinds],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './webhooks-page.html',
  styleUrl: './webhooks-page.scss',
})
export default class WebhooksPage {
  protected readonly t = injectTexts(webhooksTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly webhooks = signal<readonly Webhook[] | null>(null);
  protected readonly secret = signal<string | null>(null);
  /** The kinds of events of the webhook to add. */
  protected readonly kinds = signal<Kind[]>(allKinds);
  protected readonly request = new RequestState();
  protected readonly adding = new RequestState();
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);

  constructor() {
    loadWhenReady(
      () => (this.session.isRegistered() ? this.session.user()?.id : undefined),
      () => this.load(),
    );
  }

  protected async load(): Promise<void> {
    await this.request.run(async () => {
      this.webhooks.set((await this.api.get('/api/v1/library/webhooks')).items);
    });
  }

  protected addError(): string | null {
    const problem = this.adding.problem();
    if (!problem) return null;
    const isAddress = problem.slug === 'webhook-address-refused' || !!problem.field('url');
    return isAddress ? this.t('refused') : this.errorMessages.of(problem);
  }

  protected async add(event: Event, input: HTMLInputElement): Promise<void> {
    event.preventDefault();
    await this.adding.run(async () => {
      const json = { url: input.value.trim(), kinds: this.kinds() };
      const added = await this.api.post('/api/v1/library/webhooks', { json });
      this.secret.set(added.secret);
      input.value = '';
      this.kinds.set(allKinds);
      await this.load();
    });
  }

  protected async copy(secret: string): Promise<void> {
    await navigator.clipboard.writeText(secret);
    this.notices.show(this.t('copied'), { kind: 'good' });
  }
}
