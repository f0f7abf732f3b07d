import { Signal, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute } from '@angular/router';
import { map } from 'rxjs';

/** Return the token of a link in a mail, `#token=…`, or null. Needs an injection context of a page. */
export function linkToken(): Signal<string | null> {
  const token = inject(ActivatedRoute).fragment.pipe(map((text) => new URLSearchParams(text ?? '').get('token')));
  return toSignal(token, { initialValue: null });
}
