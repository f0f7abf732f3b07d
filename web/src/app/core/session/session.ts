import { Injectable, computed, signal } from '@angular/core';
import { Problem } from '../api/problem';
import type { Schema } from '../api/types';
import { localPreferences } from '../local-preferences';
import { forgetPieces } from '../offline/stored-pieces';
import { solveChallenge } from './proof-of-work';
import { withLock } from './with-lock';

type Tokens = Schema<'TokenAnswer'>;
export type User = Schema<'UserAnswer'>;

const AUTH_URL = '/api/v1/auth';
/** Marks that a session exists. The refresh token is in an HttpOnly cookie, the access token in memory only. */
const SESSION_KEY = 'euterpe.session';
/** An access token is replaced this long before it expires. */
const EXPIRY_MARGIN_MS = 30_000;

interface AccessToken {
  readonly value: string;
  readonly expiresAt: number;
}

/** The session of this browser: of no user, of a guest, or of a registered user. */
@Injectable({ providedIn: 'root' })
export class Session {
  private accessToken: AccessToken | null = null;
  private pendingRefresh: Promise<string | null> | null = null;
  private pendingGuest: Promise<string> | null = null;
  private readonly currentUser = signal<User | null>(null);
  /** Whether the attempt to restore the session of an earlier visit has ended. */
  readonly isRestored = signal(false);
  /** Whether the session of a registered user has ended without a logout in this tab. */
  readonly hasExpired = signal(false);
  /** Why the session of an earlier visit could not be restored yet, such as without a connection. */
  readonly restoreProblem = signal<Problem | null>(null);
  readonly user = this.currentUser.asReadonly();
  readonly isRegistered = computed(() => this.currentUser() !== null && !this.currentUser()?.guest);

  /** Restore the session of an earlier visit, if there is one. Never throws. */
  async restore(): Promise<void> {
    try {
      await this.token();
      this.restoreProblem.set(null);
    } catch (error) {
      // Offline, for example: the first request of a page reports it.
      this.restoreProblem.set(Problem.from(error));
    } finally {
      this.isRestored.set(true);
    }
  }

  /** Return a valid access token, or null without a session; with `guest`, create a guest then. */
  async token(guest = false): Promise<string | null> {
    const current = this.accessToken;
    if (current && current.expiresAt - EXPIRY_MARGIN_MS > Date.now()) return current.value;
    const token = localPreferences.get(SESSION_KEY) ? await this.refresh() : null;
    return token ?? (guest ? this.createGuest() : null);
  }

  /** Return another token in place of one that was rejected. */
  async replaceToken(rejected: string): Promise<string | null> {
    if (this.accessToken?.value === rejected) this.accessToken = null;
    return this.token();
  }

  /**
   * Log in; the songs of a guest move to the account. Throws Problem: `wrong-credentials`, `too-many-attempts`, and
   * `second-factor-required` if the account needs a code.
   */
  async logIn(username: string, password: string, code?: string): Promise<void> {
    const guestToken = this.currentUser()?.guest ? await this.token().catch(() => null) : null;
    const form = new URLSearchParams({ grant_type: 'password', username, password, delivery: 'cookie' });
    if (code) form.set('code', code);
    await this.start(await request<Tokens>('/token', { method: 'POST', body: form }));
    if (guestToken !== null) await this.claimSongs(guestToken);
  }

  /** Log in with what a passkey has signed; the songs of a guest move to the account. Throws Problem: `invalid-passkey`. */
  async logInWithPasskey(credential: Record<string, unknown>): Promise<void> {
    const guestToken = this.currentUser()?.guest ? await this.token().catch(() => null) : null;
    await this.start(await request<Tokens>('/token/passkey', jsonPost({ credential, delivery: 'cookie' }, null)));
    if (guestToken !== null) await this.claimSongs(guestToken);
  }

  /**
   * Log in with a ticket of a provider; the songs of a guest move to the account. Throws Problem:
   * `second-factor-required` if the account needs a code.
   */
  async logInWithProvider(ticket: string, code?: string): Promise<void> {
    const guestToken = this.currentUser()?.guest ? await this.token().catch(() => null) : null;
    const body = { ticket, delivery: 'cookie', ...(code ? { code } : {}) };
    await this.start(await request<Tokens>('/token/provider', jsonPost(body, null)));
    if (guestToken !== null) await this.claimSongs(guestToken);
  }

  /** Register with a ticket of a provider and log in, as `register` does without a password. */
  async registerWithProvider(ticket: string, username: string): Promise<readonly string[]> {
    const guestToken = this.currentUser()?.guest ? await this.token() : null;
    const proof = await this.proof();
    const account = { ticket, username, ...(proof ? { proof } : {}) };
    const created = await request<Schema<'NewUserAnswer'>>('/provider/registration', jsonPost(account, guestToken));
    this.dropTokens();
    await this.logInWithProvider(ticket);
    return created.recovery_codes;
  }

  /** Register and log in; a guest becomes the account. Returns recovery codes. Throws Problem: `name-taken`, `validation-error`. */
  async register(username: string, password: string): Promise<readonly string[]> {
    const guestToken = this.currentUser()?.guest ? await this.token() : null;
    const proof = await this.proof();
    const account = { username, password, ...(proof ? { proof } : {}) };
    const created = await request<Schema<'NewUserAnswer'>>('/users', jsonPost(account, guestToken));
    this.dropTokens();
    await this.logIn(username, password);
    return created.recovery_codes;
  }

  async logOut(): Promise<void> {
    try {
      await request<void>('/logout', { method: 'POST' });
    } finally {
      this.clear();
    }
  }

  /** Drop user, tokens and kept pieces, after the account was deleted or all sessions were ended. */
  clear(): void {
    this.dropTokens();
    void forgetPieces(null);
  }

  private dropTokens(): void {
    this.accessToken = null;
    this.currentUser.set(null);
    localPreferences.set(SESSION_KEY, null);
  }

  /** Follow a login or logout in another tab of this browser. */
  async followOtherTab(key: string | null): Promise<void> {
    if (key !== SESSION_KEY) return;
    const wasRegistered = this.isRegistered();
    this.accessToken = null;
    if (localPreferences.get(SESSION_KEY)) return this.restore();
    this.currentUser.set(null);
    this.hasExpired.set(wasRegistered);
  }

  /** Solve the challenge of a registration, if there is one. */
  private async proof(): Promise<string | null> {
    const { challenge } = await request<Schema<'RegistrationChallengeAnswer'>>('/registration-challenge', {});
    return challenge && (await solveChallenge(challenge));
  }

  private async claimSongs(guestToken: string): Promise<void> {
    const token = await this.token();
    await request<void>('/me/claims', jsonPost({ guest_token: guestToken }, token)).catch(() => undefined);
  }

  private createGuest(): Promise<string> {
    this.pendingGuest ??= request<Tokens>('/guest', jsonPost({ delivery: 'cookie' }, null))
      .then((tokens) => this.start(tokens))
      .finally(() => (this.pendingGuest = null));
    return this.pendingGuest;
  }

  /** Refresh once at a time in all tabs of this browser: a refresh token that is used twice ends its session. */
  private refresh(): Promise<string | null> {
    this.pendingRefresh ??= withLock('euterpe-refresh', () => this.refreshNow()).finally(
      () => (this.pendingRefresh = null),
    );
    return this.pendingRefresh;
  }

  private async refreshNow(): Promise<string | null> {
    try {
      return await this.start(await request<Tokens>('/refresh', { method: 'POST' }));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      this.hasExpired.set(this.isRegistered());
      this.clear();
      return null;
    }
  }

  private async start(tokens: Tokens): Promise<string> {
    this.hasExpired.set(false);
    this.accessToken = { value: tokens.access_token, expiresAt: Date.now() + tokens.expires_in * 1000 };
    localPreferences.set(SESSION_KEY, 'yes');
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    const user = await request<User>('/me', { headers });
    this.currentUser.set(user);
    void forgetPieces(user.id);
    return tokens.access_token;
  }
}

function jsonPost(body: unknown, token: string | null): RequestInit {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (token !== null) headers['Authorization'] = `Bearer ${token}`;
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(AUTH_URL + path, init);
  } catch (error) {
    throw Problem.from(error);
  }
  if (!response.ok) throw await Problem.of(response);
  const text = await response.text();
  // A 204 response has the JSON content type, too.
  return (text ? JSON.parse(text) : undefined) as T;
}
