import type { components } from './schema';

export type FieldError = components['schemas']['FieldError'];

/** An error of the API: problem details (RFC 9457), or `offline` if there was no response. */
export class Problem extends Error {
  constructor(
    /** The last segment of the problem's type, such as `song-not-found`. */
    readonly slug: string,
    readonly status: number,
    readonly detail: string,
    readonly fields: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
    /** The limit that the request exceeds, such as `pieces`. */
    readonly limits: Readonly<Record<string, number>> = {},
  ) {
    super(detail);
    this.name = 'Problem';
  }

  /** Read the problem of a response whose status is not 2xx. */
  static async of(response: Response): Promise<Problem> {
    const seconds = Number(response.headers.get('Retry-After'));
    const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null;
    try {
      const body = (await response.json()) as Partial<components['schemas']['Problem']>;
      const slug = (body.type ?? '').split('/').pop() || 'about:blank';
      const detail = body.detail ?? body.title ?? '';
      return new Problem(slug, response.status, detail, body.errors ?? [], retryAfter, body.limits ?? {});
    } catch {
      return new Problem('about:blank', response.status, response.statusText, [], retryAfter);
    }
  }

  /** Convert anything that was thrown. */
  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof TypeError) return new Problem('offline', 0, error.message);
    return new Problem('unexpected', 0, error instanceof Error ? error.message : String(error));
  }

  get offline(): boolean {
    return this.slug === 'offline';
  }

  /** Return the error of a field, by the last segments of its path: `username` matches `body.username`. */
  field(name: string): FieldError | undefined {
    return this.fields.find((error) => error.field === name || error.field.endsWith(`.${name}`));
  }
}
