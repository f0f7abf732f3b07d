import { Injectable, inject } from '@angular/core';
import { Session } from '../session/session';
import { Problem } from './problem';
import type { paths } from './schema';
import { Answer, Method, Options, PathsWith } from './types';

/** Every call of the pages to the API: typed by its document, with the session's token, errors as Problem. */
@Injectable({ providedIn: 'root' })
export class Api {
  private readonly session = inject(Session);

  get<P extends PathsWith<'get'>>(path: P, options: Options<P, 'get'> = {}): Promise<Answer<P, 'get'>> {
    return this.json('get', path, options);
  }

  post<P extends PathsWith<'post'>>(path: P, options: Options<P, 'post'> = {}): Promise<Answer<P, 'post'>> {
    return this.json('post', path, options);
  }

  put<P extends PathsWith<'put'>>(path: P, options: Options<P, 'put'> = {}): Promise<Answer<P, 'put'>> {
    return this.json('put', path, options);
  }

  patch<P extends PathsWith<'patch'>>(path: P, options: Options<P, 'patch'> = {}): Promise<Answer<P, 'patch'>> {
    return this.json('patch', path, options);
  }

  delete<P extends PathsWith<'delete'>>(path: P, options: Options<P, 'delete'> = {}): Promise<Answer<P, 'delete'>> {
    return this.json('delete', path, options);
  }

  /** Any address of the API, for files and events. Raises Problem unless the answer is 2xx. */
  async fetch(url: string, init: RequestInit = {}, as?: 'none' | 'guest'): Promise<Response> {
    let token = as === 'none' ? null : await this.session.token(as === 'guest');
    let response = await send(url, init, token);
    if (response.status === 401 && token !== null) {
      // The token was withdrawn before its time, or this machine's clock is wrong: once, with a new one.
      token = await this.session.renewed(token);
      if (token !== null) response = await send(url, init, token);
    }
    if (!response.ok) throw await Problem.of(response);
    return response;
  }

  private async json<P extends keyof paths, M extends Method>(
    method: M,
    path: P,
    options: Options<P, M>,
  ): Promise<Answer<P, M>> {
    const headers: Record<string, string> = { ...options.headers };
    let body: BodyInit | undefined;
    if (options.json !== undefined) {
      headers['Content-Type'] = 'application/json';
      body = JSON.stringify(options.json);
    } else if (options.form !== undefined) {
      body = new URLSearchParams(options.form as Record<string, string>);
    }
    const init: RequestInit = { method: method.toUpperCase(), headers, body, signal: options.signal };
    const response = await this.fetch(address(path, options), init, options.as);
    return (await jsonOf(response)) as Answer<P, M>;
  }
}

/** A path of the document with its parameters in place. Lists repeat their name, what is undefined or null is left out. */
export function address(template: string, options: { path?: unknown; query?: unknown }): string {
  const named = (options.path ?? {}) as Record<string, string | number>;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(named[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((options.query ?? {}) as Record<string, unknown>)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && item !== '') query.append(name, String(item));
    }
  }
  return query.size ? `${path}?${query}` : path;
}

/** What an answer holds; undefined for one that is empty, whatever its type says. */
export async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  const type = response.headers.get('Content-Type') ?? '';
  return text && type.includes('json') ? JSON.parse(text) : undefined;
}

async function send(url: string, init: RequestInit, token: string | null): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  try {
    return await fetch(url, { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem('offline', 0, String(error));
  }
}
