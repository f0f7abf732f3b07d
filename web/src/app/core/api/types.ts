import type { components, paths } from './schema';

/** A schema of the OpenAPI document, such as `Schema<'SongAnswer'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** The paths of the API that support a method. */
export type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];

type Operation<P extends keyof paths, M extends Method> = paths[P][M];
type ParametersIn<P extends keyof paths, M extends Method, Name extends string> =
  Operation<P, M> extends { parameters: { [K in Name]?: infer T } } ? T : never;
type Json<T> = T extends { content: { 'application/json': infer B } } ? B : never;

export interface Options<P extends keyof paths, M extends Method> {
  path?: ParametersIn<P, M, 'path'>;
  query?: ParametersIn<P, M, 'query'>;
  json?: Operation<P, M> extends { requestBody?: infer B } ? Json<NonNullable<B>> : never;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** `none` sends no token, `guest` creates a guest first if nobody is logged in; default: a token if there is a session. */
  as?: 'none' | 'guest';
}

/** The body of an operation's first successful response. */
export type Result<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R }
    ? R extends { 200: infer T }
      ? Json<T>
      : R extends { 201: infer T }
        ? Json<T>
        : R extends { 202: infer T }
          ? Json<T>
          : void
    : never;
