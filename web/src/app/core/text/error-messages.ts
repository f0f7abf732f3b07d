import { Injectable, inject } from '@angular/core';
import { FieldError, Problem } from '../api/problem';
import { Notices } from '../notices/notices';
import { Language } from './language';
import { injectTexts } from './texts';
import { commonTexts } from './common-texts';
import { fieldMessage, problemMessage } from './problem-messages';

/** Turns errors into messages in the user's language. */
@Injectable({ providedIn: 'root' })
export class ErrorMessages {
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly t = injectTexts(commonTexts);

  of(error: unknown): string {
    return problemMessage(Problem.from(error), this.language.code());
  }

  ofField(error: FieldError | undefined): string | null {
    return error ? fieldMessage(error, this.language.code()) : null;
  }

  /** Shows the message as a notice, for actions that have no place of their own for it. */
  show(error: unknown): void {
    // While the browser is offline, every error gets the same notice, so that repeated attempts do not pile up.
    const isOffline = Problem.from(error).offline && !navigator.onLine;
    this.notices.show(isOffline ? this.t('offline') : this.of(error), { kind: 'problem' });
  }
}
