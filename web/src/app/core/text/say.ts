import { Injectable, inject } from '@angular/core';
import { FieldError, Problem } from '../api/problem';
import { Notices } from '../notices/notices';
import { Language } from './language';
import { injectTexts } from './texts';
import { commonTexts } from './common-texts';
import { fieldSentence, problemSentence } from './problem-texts';

/** Problems as sentences in the listener's language. */
@Injectable({ providedIn: 'root' })
export class Say {
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly t = injectTexts(commonTexts);

  problem(error: unknown): string {
    return problemSentence(Problem.from(error), this.language.code());
  }

  field(error: FieldError | undefined): string | null {
    return error ? fieldSentence(error, this.language.code()) : null;
  }

  /** Shows a problem as a notice, for actions that have no place of their own to tell it. */
  notice(error: unknown): void {
    // Who is offline has been told why; another sentence for each attempt would only cover the page.
    const offline = Problem.from(error).offline && !navigator.onLine;
    this.notices.show(offline ? this.t('offlineNow') : this.problem(error), { kind: 'problem' });
  }
}
