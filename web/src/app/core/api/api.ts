import { Injectable, inject } from '@angular/core';
import { Session } from '../session/session';
import { Problem } from './problem';
import type { paths } from './schema';
import { Method, Options, PathsWith, Result } from './types';

/** The API client: typed by the OpenAPI document, sends the session's token, throws Problem. */
@Injectable({ providedIn: 'root' })
export class Api {
  private readonly session = inject(Session);

  get<P extends PathsWith<'get'>>(path: P, options: Options<P, 'get'> = {}): Promise<Result<P, 'get'>> {
    return this.json('get', path, options);
  }

  post<P extends PathsWith<'post'>>(path: P, options: Options<P, 'post'> = {}): Promise<Result<P, 'post'>> {
    return this.json('post', path, options);
  }

  put<P extends PathsWith<'put'>>(path: P, options: Options<P, 'put'> = {}): Promise<Result<P, 'put'>> {
    return this.json('put', path, options);
  }

  patch<P extends PathsWith<'patch'>>(path: P, options: Options<P, 'patch'> = {}): Promise<Result<P, 'patch'>> {
    return this.json('patch', path, options);
  }

  delete<P extends PathsWith<'delete'>>(path: P, options: Options<P, 'delete'> = {}): Promise<Result<P, 'delete'>> {
    return this.json('delete', path, options);
  }

  /** Request any URL of the API, for files and event streams. Throws Problem unless the status is 2xx. */
  async fetch(url: string, init: RequestInit = {}, as?: 'none' | 'guest'): Promise<Response> {
    let token = as === 'none' ? null : await this.session.token(as === 'guest');
    let response = await send(url, init, token);
    if (response.status === 401 && token !== null) {
      // The token was revoked before it expired, or this machine's clock is wrong: retry once with a new token.
      token = await this.session.replaceToken(token);
      if (token !== null) response = await send(url, init, token);
    }
    if (!response.ok) throw await Problem.of(response);
    return response;
  }

  private async json<P extends keyof paths, M extends Method>(
    method: M,
    path: P,
    options: Options<P, M>,
  ): Promise<Result<P, M>> {
    const headers: Record<string, string> = { ...options.headers };
    let body: BodyInit | undefined;
    if (options.json !== undefined) {
      headers['Content-Type'] = 'application/json';
      body = JSON.stringify(options.json);
    }
    const init: RequestInit = { method: method.toUpperCase(), headers, body, signal: options.signal };
    const response = await this.fetch(buildUrl(path, options), init, options.as);
    return (await parseJson(response)) as Result<P, M>;
  }
}

/** Expand a path template. A list repeats its query parameter; undefined, null and empty values are left out. */
export function buildUrl(template: string, options: { path?: unknown; query?: unknown }): string {
  const pathParameters = (options.path ?? {}) as Record<string, string | number>;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(pathParameters[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((options.query ?? {}) as Record<string, unknown>)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && item !== '') query.append(name, String(item));
    }
  }
  return query.size ? `${path}?${query}` : path;
}

/** Parse the JSON body of a response; undefined if the body is empty, whatever its content type. */
export async function parseJson(response: Response): Promise<unknown> {
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
