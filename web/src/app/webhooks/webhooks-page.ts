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
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { deliveryError, deliveryKind } from './delivery-messages';
import { webhooksTexts } from './webhooks-texts';

type Webhook = Schema<'WebhookAnswer'>;
type Delivery = Schema<'DeliveryAnswer'>;

/** The webhooks of the user with their deliveries: added, tested, removed, repeated. A secret is shown once. */
@Component({
  imports: [Icon, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './webhooks-page.html',
  styleUrl: './webhooks-page.scss',
})
export default class WebhooksPage {
  protected readonly t = injectTexts(webhooksTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly webhooks = signal<readonly Webhook[] | null>(null);
  protected readonly secret = signal<string | null>(null);
  /** The webhook whose deliveries are shown. */
  protected readonly shown = signal<string | null>(null);
  protected readonly deliveries = signal<readonly Delivery[]>([]);
  protected readonly request = new RequestState();
  protected readonly adding = new RequestState();
  private readonly api = inject(Api);
  private readonly language = inject(Language);
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
      const added = await this.api.post('/api/v1/library/webhooks', { json: { url: input.value.trim() } as never });
      this.secret.set(added.secret);
      input.value = '';
      await this.load();
    });
  }

  protected async copy(secret: string): Promise<void> {
    await navigator.clipboard.writeText(secret);
    this.notices.show(this.t('copied'), { kind: 'good' });
  }

  protected async remove(webhook: Webhook): Promise<void> {
    await this.attempt('removed', async () => {
      await this.api.delete('/api/v1/library/webhooks/{webhook_id}', { path: { webhook_id: webhook.id } });
      await this.load();
    });
  }

  protected async test(webhook: Webhook): Promise<void> {
    await this.attempt('tested', async () => {
      await this.api.post('/api/v1/library/webhooks/{webhook_id}/test', { path: { webhook_id: webhook.id } });
    });
  }

  protected async show(webhook: Webhook): Promise<void> {
    await this.attempt(null, async () => {
      const path = { webhook_id: webhook.id };
      const page = await this.api.get('/api/v1/library/webhooks/{webhook_id}/deliveries', { path });
      this.deliveries.set(page.items);
      this.shown.set(webhook.id);
    });
  }

  protected async retry(webhook: Webhook, delivery: Delivery): Promise<void> {
    await this.attempt('retried', async () => {
      const path = { webhook_id: webhook.id, delivery_id: delivery.id };
      await this.api.post('/api/v1/library/webhooks/{webhook_id}/deliveries/{delivery_id}/retry', { path });
      await this.show(webhook);
    });
  }

  protected state(delivery: Delivery): string {
    return this.t(delivery.state === 'dead' ? 'deadState' : delivery.state);
  }

  protected kind(delivery: Delivery): string {
    return deliveryKind(delivery, this.language.code());
  }

  protected failure(delivery: Delivery): string | null {
    return deliveryError(delivery, this.language.code());
  }

  private async attempt(done: 'removed' | 'tested' | 'retried' | null, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      if (done) this.notices.show(this.t(done), { kind: 'good' });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
