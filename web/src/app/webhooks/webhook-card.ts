import { ChangeDetectionStrategy, Component, DestroyRef, computed, inject, input, output, signal } from '@angular/core';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { notificationsPageTexts, kindLabels } from '../notifications/notifications-page-texts';
import { Icon } from '../shared/icon';
import { deliveryError, deliveryKind } from './delivery-messages';
import { Kind, WebhookKinds, allKinds } from './webhook-kinds';
import { webhooksTexts } from './webhooks-texts';

type Webhook = Schema<'WebhookAnswer'>;
type Delivery = Schema<'DeliveryAnswer'>;

const REFRESH_MILLISECONDS = 2_000;
/** For this long after a change, pending deliveries are read again; later attempts follow minutes or hours after. */
const WATCH_MILLISECONDS = 30_000;

/** A webhook: its events, its state, and its deliveries, which are updated while they are attempted. */
@Component({
  selector: 'e-webhook-card',
  imports: [Icon, WebhookKinds],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './webhook-card.html',
  styleUrl: './webhook-card.scss',
})
export class WebhookCard {
  readonly webhook = input.required<Webhook>();
  /** The webhook was changed or removed, or its deliveries have another state. */
  readonly changed = output();
  protected readonly t = injectTexts(webhooksTexts);
  protected readonly format = inject(Format);
  protected readonly deliveries = signal<readonly Delivery[] | null>(null);
  protected readonly choosesKinds = signal(false);
  /** The kinds of events in words. */
  protected readonly kinds = computed(() => {
    const chosen = this.webhook().kinds;
    if (chosen.length === allKinds.length) return this.t('allEvents');
    return chosen.map((kind) => this.kindTexts(kindLabels[kind as Kind])).join(' · ');
  });
  protected readonly lastError = computed(() => {
    const { status_code, error } = this.webhook();
    return deliveryError({ status_code, error }, this.language.code());
  });
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly kindTexts = injectTexts(notificationsPageTexts);
  private readonly path = computed(() => ({ webhook_id: this.webhook().id }));
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => clearTimeout(this.timer));
  }

  protected async setKinds(kinds: Kind[]): Promise<void> {
    await this.attempt('saved', async () => {
      await this.api.patch('/api/v1/library/webhooks/{webhook_id}', { path: this.path(), json: { kinds } });
      this.changed.emit();
    });
  }

  protected async remove(): Promise<void> {
    await this.attempt('removed', async () => {
      await this.api.delete('/api/v1/library/webhooks/{webhook_id}', { path: this.path() });
      this.changed.emit();
    });
  }

  protected async test(): Promise<void> {
    await this.attempt('tested', async () => {
      await this.api.post('/api/v1/library/webhooks/{webhook_id}/test', { path: this.path() });
      await this.watch();
    });
  }

  protected async show(): Promise<void> {
    if (this.deliveries()) {
      clearTimeout(this.timer);
      this.deliveries.set(null);
    } else {
      await this.attempt(null, () => this.watch());
    }
  }

  protected async retry(delivery: Delivery): Promise<void> {
    await this.attempt('retried', async () => {
      const path = { ...this.path(), delivery_id: delivery.id };
      await this.api.post('/api/v1/library/webhooks/{webhook_id}/deliveries/{delivery_id}/retry', { path });
      await this.watch();
    });
  }

  protected async retryAll(): Promise<void> {
    await this.attempt('retriedAll', async () => {
      await this.api.post('/api/v1/library/webhooks/{webhook_id}/retry', { path: this.path() });
      await this.watch();
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

  /** Show the deliveries, and read them again while one of them is attempted. */
  private async watch(until = Date.now() + WATCH_MILLISECONDS): Promise<void> {
    clearTimeout(this.timer);
    const states = (deliveries: readonly Delivery[]) => deliveries.map(({ id, state }) => `${id} ${state}`).join();
    const before = this.deliveries();
    const { items } = await this.api.get('/api/v1/library/webhooks/{webhook_id}/deliveries', { path: this.path() });
    this.deliveries.set(items);
    if (!before || states(before) !== states(items)) this.changed.emit();
    if (Date.now() < until && items.some(({ state }) => state === 'pending')) {
      this.timer = setTimeout(() => void this.watch(until).catch(() => undefined), REFRESH_MILLISECONDS);
    }
  }

  private async attempt(
    done: 'saved' | 'removed' | 'tested' | 'retried' | 'retriedAll' | null,
    action: () => Promise<void>,
  ): Promise<void> {
    try {
      await action();
      if (done) this.notices.show(this.t(done), { kind: 'good' });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
