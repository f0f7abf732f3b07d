import type { components } from './schema';

export type FieldError = components['schemas']['FieldError'];

/** What went wrong, as problem details (RFC 9457) tell it; `offline` when nothing answered. */
export class Problem extends Error {
  constructor(
    /** The end of the problem's type, such as `song-not-found`. */
    readonly slug: string,
    readonly status: number,
    readonly detail: string,
    readonly fields: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail);
    this.name = 'Problem';
  }

  /** The problem of an answer that is none of 2xx. */
  static async of(response: Response): Promise<Problem> {
    const retry = Number(response.headers.get('Retry-After'));
    const after = Number.isFinite(retry) && retry > 0 ? retry : null;
    try {
      const body = (await response.json()) as Partial<components['schemas']['Problem']>;
      const slug = (body.type ?? '').split('/').pop() || 'about:blank';
      return new Problem(slug, response.status, body.detail ?? body.title ?? '', body.errors ?? [], after);
    } catch {
      return new Problem('about:blank', response.status, response.statusText, [], after);
    }
  }

  /** Whatever was thrown, as a problem. */
  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof TypeError) return new Problem('offline', 0, error.message);
    return new Problem('unexpected', 0, error instanceof Error ? error.message : String(error));
  }

  get offline(): boolean {
    return this.slug === 'offline';
  }

  /** The error of a field, by the end of its path: `username` finds `body.username`. */
  field(name: string): FieldError | undefined {
    return this.fields.find((error) => error.field === name || error.field.endsWith(`.${name}`));
  }
}
