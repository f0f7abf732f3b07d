import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Passkeys, supportsPasskeys } from '../core/session/passkeys';
import { Reauthentication } from '../core/session/reauthentication';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { AccountCredentials } from './credentials';
import { securityTexts } from './security-texts';

/** The passkeys of the account: lists, adds, renames and removes them. */
@Component({
  selector: 'e-passkey-section',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('passkeys') }}</h2>
    <p class="muted">{{ t('passkeysHint') }}</p>
    <ul>
      @for (passkey of passkeys(); track passkey.id) {
        @if (renamed() === passkey.id) {
          <li>
            <form class="rename" (submit)="$event.preventDefault(); rename(passkey, newName.value)">
              <label class="field">
                {{ t('passkeyName') }}
                <input #newName class="input" maxlength="64" required [value]="passkey.name" />
              </label>
              <div class="row">
                <button type="submit" class="button small">{{ common('save') }}</button>
                <button type="button" class="button small" (click)="renamed.set(null)">{{ common('cancel') }}</button>
              </div>
            </form>
          </li>
        } @else {
          <li>
            <span class="details">
              <span>{{ passkey.name }}</span>
              <span class="muted">
                {{
                  passkey.last_used_at
                    ? t('passkeyUsed', { date: format.date(passkey.last_used_at) })
                    : t('passkeyAdded', { date: format.date(passkey.created_at) })
                }}
              </span>
            </span>
            <span class="row">
              <button type="button" class="button small" (click)="renamed.set(passkey.id)">{{ t('rename') }}</button>
              <button type="button" class="button small" (click)="remove(passkey)">{{ t('remove') }}</button>
            </span>
          </li>
        }
      } @empty {
        <li class="muted">{{ t('passkeysNone') }}</li>
      }
    </ul>
    @if (request.problem(); as problem) {
      <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
    }
    @if (!isSupported || credentials.options()?.passkeys === false) {
      <p class="muted">{{ t('passkeysUnsupported') }}</p>
    } @else {
      <form (submit)="$event.preventDefault(); add(name)">
        <label class="field">
          {{ t('passkeyNewName') }}
          <input #name class="input" maxlength="64" required />
        </label>
        <div>
          <button type="submit" class="button" [disabled]="request.isPending()">{{ t('passkeyAdd') }}</button>
        </div>
      </form>
    }
  `,
  styles: `
    .row {
      display: flex;
      flex-wrap: wrap;
      gap: 0.5rem;
    }

    .rename {
      flex: 1;
    }
  `,
})
export class PasskeySection {
  protected readonly t = injectTexts(securityTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly format = inject(Format);
  protected readonly credentials = inject(AccountCredentials);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly isSupported = supportsPasskeys;
  protected readonly passkeys = signal<readonly Schema<'PasskeyAnswer'>[]>([]);
  /** The id of the passkey whose name is being edited. */
  protected readonly renamed = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly browser = inject(Passkeys);
  private readonly notices = inject(Notices);
  private readonly reauthentication = inject(Reauthentication);

  constructor() {
    void this.request.run(() => this.load());
  }

  protected async add(name: HTMLInputElement): Promise<void> {
    await this.request.run(async () => {
      const { options } = await this.reauthentication.run(() => this.api.post('/api/v1/auth/me/passkeys/options'));
      const credential = await this.browser.create(options);
      await this.api.post('/api/v1/auth/me/passkeys', { json: { name: name.value.trim(), credential } });
      name.value = '';
      this.notices.show(this.t('passkeySaved'), { kind: 'good' });
      await this.load();
    });
  }

  protected async rename(passkey: Schema<'PasskeyAnswer'>, name: string): Promise<void> {
    await this.request.run(async () => {
      const path = { passkey_id: passkey.id };
      await this.api.patch('/api/v1/auth/me/passkeys/{passkey_id}', { path, json: { name: name.trim() } });
      this.renamed.set(null);
      await this.load();
    });
  }

  protected async remove(passkey: Schema<'PasskeyAnswer'>): Promise<void> {
    await this.request.run(async () => {
      const path = { passkey_id: passkey.id };
      await this.reauthentication.run(() => this.api.delete('/api/v1/auth/me/passkeys/{passkey_id}', { path }));
      this.notices.show(this.t('passkeyRemoved'), { kind: 'good' });
      await this.load();
    });
  }

  private async load(): Promise<void> {
    this.passkeys.set((await this.api.get('/api/v1/auth/me/passkeys')).items);
  }
}
