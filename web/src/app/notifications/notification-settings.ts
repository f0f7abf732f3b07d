import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Language } from '../core/text/language';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { kindLabels, notificationsPageTexts } from './notifications-page-texts';

type Settings = Schema<'NotificationSettingsBody'>;
type Kind = Schema<'Kind'>;

/** Where the user is notified of each kind of event, and how often by e-mail. Changes are saved at once. */
@Component({
  selector: 'e-notification-settings',
  imports: [PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h2>{{ t('settings') }}</h2>
    <p class="muted">{{ t('settingsHint') }}</p>
    @if (request.problem(); as problem) {
      <e-page-state [problem]="problem" (retry)="load()" />
    } @else if (settings(); as settings) {
      <table>
        <thead>
          <tr>
            <th scope="col">{{ t('kind') }}</th>
            <th scope="col">{{ t('page') }}</th>
            <th scope="col">{{ t('email') }}</th>
          </tr>
        </thead>
        <tbody>
          @for (kind of kinds; track kind) {
            <tr>
              <th scope="row">{{ t(labels[kind]) }}</th>
              @for (channel of channels; track channel) {
                <td>
                  <label>
                    <span class="visually-hidden">{{ t(labels[kind]) }}: {{ t(channel) }}</span>
                    <input
                      type="checkbox"
                      [checked]="settings.kinds?.[kind]?.[channel] ?? true"
                      (change)="toggle(kind, channel, $any($event.target).checked)"
                    />
                  </label>
                </td>
              }
            </tr>
          }
        </tbody>
      </table>
      <div class="field">
        <label for="digest">{{ t('digest') }}</label>
        <select
          id="digest"
          class="input"
          aria-describedby="digest-hint"
          (change)="setDigest($any($event.target).value)"
        >
          @for (frequency of frequencies; track frequency) {
            <option [value]="frequency" [selected]="frequency === settings.digest">{{ t(frequency) }}</option>
          }
        </select>
        <span id="digest-hint" class="hint">{{ t('digestHint') }}</span>
      </div>
    } @else {
      <e-page-state [loading]="true" />
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.9rem;
    }

    table {
      width: 100%;
      border-collapse: collapse;
    }

    th {
      padding: 0.3rem 0;
      text-align: left;
      font-weight: 500;
    }

    thead th {
      color: var(--muted);
      font-size: 0.9rem;
    }

    th:not(:first-child),
    td {
      width: 6.5rem;
      text-align: center;
    }

    tbody tr {
      border-top: 1px solid var(--line);
    }

    td label {
      display: grid;
      place-items: center;
      min-height: 40px;
      cursor: pointer;
    }

    td input {
      width: 20px;
      height: 20px;
    }

    .field {
      max-width: 24rem;
    }
  `,
})
export class NotificationSettings {
  protected readonly t = injectTexts(notificationsPageTexts);
  protected readonly settings = signal<Settings | null>(null);
  protected readonly request = new RequestState();
  protected readonly kinds = Object.keys(kindLabels) as Kind[];
  protected readonly labels = kindLabels;
  protected readonly channels = ['page', 'email'] as const;
  protected readonly frequencies = ['off', 'daily', 'weekly'] as const;
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  constructor() {
    void this.load();
  }

  protected async load(): Promise<void> {
    await this.request.run(async () => {
      this.settings.set(await this.api.get('/api/v1/library/notification-settings'));
    });
  }

  protected toggle(kind: Kind, channel: 'page' | 'email', value: boolean): void {
    const kinds = this.settings()?.kinds ?? {};
    const changed = { page: true, email: true, ...kinds[kind], [channel]: value };
    void this.save({ kinds: { ...kinds, [kind]: changed } });
  }

  protected setDigest(digest: Schema<'Frequency'>): void {
    void this.save({ digest });
  }

  private async save(changes: Partial<Settings>): Promise<void> {
    const before = this.settings();
    const json = { ...before, ...changes, language: this.language.code() } as Settings;
    this.settings.set(json);
    try {
      await this.api.put('/api/v1/library/notification-settings', { json });
      this.notices.show(this.t('saved'), { kind: 'good' });
    } catch (error) {
      this.settings.set(before);
      void this.errorMessages.show(error);
    }
  }
}
