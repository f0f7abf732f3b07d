import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { accountTexts } from './account-texts';

const SCOPES: readonly Schema<'Scope'>[] = [
  'songs:read',
  'songs:write',
  'generations:read',
  'generations:write',
  'account:read',
];

/** The API keys of the user: lists, creates and revokes them. A new key is shown once. */
@Component({
  selector: 'e-api-key-list',
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './api-key-list.html',
  styleUrl: './account-section.scss',
})
export class ApiKeyList {
  protected readonly t = injectTexts(accountTexts);
  protected readonly format = inject(Format);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly allScopes = SCOPES;
  protected readonly scopes = signal<readonly Schema<'Scope'>[]>([
    'songs:read',
    'generations:read',
    'generations:write',
  ]);
  protected readonly keys = signal<readonly Schema<'ApiKeyAnswer'>[] | null>(null);
  protected readonly secret = signal<string | null>(null);
  protected readonly request = new RequestState();
  /** Whether the server has asked for the password, because the login was too long ago. */
  protected readonly needsPassword = signal(false);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);

  constructor() {
    void this.request.run(() => this.load());
  }

  protected toggleScope(scope: Schema<'Scope'>, isSelected: boolean): void {
    this.scopes.update((selected) => SCOPES.filter((each) => (each === scope ? isSelected : selected.includes(each))));
  }

  protected async create(name: string, days: string, password: string | undefined): Promise<void> {
    const json = {
      name: name.trim(),
      scopes: [...this.scopes()],
      expires_in_days: Number(days),
      ...(password ? { password } : {}),
    };
    await this.request.run(async () => {
      const { api_key: key } = await this.api.post('/api/v1/auth/api-keys', { json });
      this.secret.set(key);
      this.needsPassword.set(false);
      await this.load();
    });
    if (this.request.problem()?.slug === 'recent-authentication-required') this.needsPassword.set(true);
  }

  protected passwordOf(form: HTMLFormElement): string | undefined {
    return new FormData(form).get('password')?.toString();
  }

  protected async copy(secret: string): Promise<void> {
    await navigator.clipboard.writeText(secret);
    this.notices.show(this.t('copied'), { kind: 'good' });
  }

  protected async revoke(key: Schema<'ApiKeyAnswer'>): Promise<void> {
    try {
      await this.api.delete('/api/v1/auth/api-keys/{key_id}', { path: { key_id: key.id } });
      this.keys.update((keys) => keys?.filter((other) => other.id !== key.id) ?? null);
      this.notices.show(this.t('revoked'), { kind: 'good' });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  private async load(): Promise<void> {
    this.keys.set((await this.api.get('/api/v1/auth/api-keys')).items);
  }
}
