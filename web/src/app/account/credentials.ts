import { Injectable, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';

/** The credentials of the account, which several sections of the account page show and change. */
@Injectable()
export class AccountCredentials {
  readonly current = signal<Schema<'CredentialsAnswer'> | null>(null);
  readonly options = signal<Schema<'LoginOptionsAnswer'> | null>(null);
  private readonly api = inject(Api);

  async load(): Promise<void> {
    const [credentials, options] = await Promise.all([
      this.api.get('/api/v1/auth/me/credentials'),
      this.options() ?? this.api.get('/api/v1/auth/login-options', { as: 'none' }),
    ]);
    this.current.set(credentials);
    this.options.set(options);
  }
}
