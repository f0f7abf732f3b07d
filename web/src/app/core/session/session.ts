import { Injectable, computed, signal } from '@angular/core';
import { Problem } from '../api/problem';
import type { Schema } from '../api/types';
import { remembered } from '../remembered';
import { exclusively } from './exclusively';

type Tokens = Schema<'TokenAnswer'>;
export type User = Schema<'UserAnswer'>;

const AUTH = '/api/v1/auth';
/** Only that there is a session; the refresh token is in a cookie that no script can read, the access token in memory. */
const KEY = 'euterpe.session';
const EARLY_MS = 30_000;

interface Access {
  readonly token: string;
  readonly until: number;
}

/** Who listens: nobody known, a guest, or somebody with an account. */
@Injectable({ providedIn: 'root' })
export class Session {
  private access: Access | null = null;
  private refreshing: Promise<string | null> | null = null;
  private beginning: Promise<string> | null = null;
  private readonly known = signal<User | null>(null);
  /** Whether the first look for a session has ended. */
  readonly settled = signal(false);
  readonly user = this.known.asReadonly();
  readonly member = computed(() => this.known() !== null && !this.known()?.guest);

  /** Finds the session of an earlier visit, if there is one. Never raises. */
  async resume(): Promise<void> {
    try {
      await this.token();
    } catch {
      // Offline, say: the pages tell so when they ask for something.
    } finally {
      this.settled.set(true);
    }
  }

  /** A token that is valid for a while, or null for nobody; `guest` makes nobody a guest. */
  async token(guest = false): Promise<string | null> {
    if (this.access && this.access.until - EARLY_MS > Date.now()) return this.access.token;
    const token = remembered.get(KEY) ? await this.refresh() : null;
    return token ?? (guest ? this.beginAsGuest() : null);
  }

  /** Another token in place of one that was refused. */
  async renewed(refused: string): Promise<string | null> {
    if (this.access?.token === refused) this.access = null;
    return this.token();
  }

  /** Raises Problem: `wrong-credentials`, `too-many-attempts`. A guest's pieces move to the account. */
  async logIn(username: string, password: string): Promise<void> {
    const guest = this.known()?.guest ? await this.token().catch(() => null) : null;
    const form = new URLSearchParams({ grant_type: 'password', username, password, delivery: 'cookie' });
    await this.adopt(await ask<Tokens>('/token', { method: 'POST', body: form }));
    if (guest !== null) await this.claim(guest);
  }

  /** Raises Problem: `name-taken`, `validation-error`. A guest becomes the account. */
  async register(username: string, password: string): Promise<void> {
    const guest = this.known()?.guest ? await this.token() : null;
    await ask<User>('/users', json({ username, password }, guest));
    this.forget();
    await this.logIn(username, password);
  }

  async logOut(): Promise<void> {
    try {
      await ask<void>('/logout', { method: 'POST' });
    } finally {
      this.forget();
    }
  }

  /** Drops what is known, after the account was deleted or all sessions were ended. */
  forget(): void {
    this.access = null;
    this.known.set(null);
    remembered.set(KEY, null);
  }

  private async claim(guestToken: string): Promise<void> {
    const token = await this.token();
    await ask<void>('/me/claims', json({ guest_token: guestToken }, token)).catch(() => undefined);
  }

  private beginAsGuest(): Promise<string> {
    this.beginning ??= ask<Tokens>('/guest', json({ delivery: 'cookie' }, null))
      .then((tokens) => this.adopt(tokens))
      .finally(() => (this.beginning = null));
    return this.beginning;
  }

  /** One refresh at a time, in this page and in all of this browser: a token that is used twice ends its session. */
  private refresh(): Promise<string | null> {
    this.refreshing ??= exclusively('euterpe-refresh', () => this.refreshNow()).finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  private async refreshNow(): Promise<string | null> {
    try {
      return await this.adopt(await ask<Tokens>('/refresh', { method: 'POST' }));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      this.forget();
      return null;
    }
  }

  private async adopt(tokens: Tokens): Promise<string> {
    this.access = { token: tokens.access_token, until: Date.now() + tokens.expires_in * 1000 };
    remembered.set(KEY, 'yes');
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    this.known.set(await ask<User>('/me', { headers }));
    return tokens.access_token;
  }
}

function json(body: unknown, token: string | null): RequestInit {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (token !== null) headers['Authorization'] = `Bearer ${token}`;
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(AUTH + path, init);
  } catch (error) {
    throw Problem.from(error);
  }
  if (!response.ok) throw await Problem.of(response);
  const text = await response.text();
  // Answers without content say that they are JSON, too.
  return (text ? JSON.parse(text) : undefined) as T;
}
