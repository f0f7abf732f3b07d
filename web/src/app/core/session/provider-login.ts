import { Injectable, inject } from '@angular/core';
import { Api } from '../api/api';

export type ProviderPurpose = 'login' | 'link' | 'confirm';

interface ProviderRequest {
  readonly ticket: string;
  readonly purpose: ProviderPurpose;
  /** The page to open afterwards. */
  readonly next: string;
}

const KEY = 'euterpe.provider';

/** Sends the browser to the OpenID Connect provider; the ticket stays in this tab until the browser comes back. */
@Injectable({ providedIn: 'root' })
export class ProviderLogin {
  private readonly api = inject(Api);

  /** Open the provider's page. Throws Problem: `provider-unavailable`, `recent-authentication-required`. */
  async begin(purpose: ProviderPurpose, next: string): Promise<void> {
    const { url, ticket } =
      purpose === 'login'
        ? await this.api.post('/api/v1/auth/provider/authorization', { as: 'none' })
        : await this.api.post('/api/v1/auth/me/provider/authorization', { json: { purpose } });
    const request: ProviderRequest = { ticket, purpose, next };
    sessionStorage.setItem(KEY, JSON.stringify(request));
    location.assign(url);
  }

  /** Return the request of this tab once, or null if this tab has begun none. */
  take(): ProviderRequest | null {
    try {
      const stored = sessionStorage.getItem(KEY);
      sessionStorage.removeItem(KEY);
      return stored ? (JSON.parse(stored) as ProviderRequest) : null;
    } catch {
      return null;
    }
  }
}
