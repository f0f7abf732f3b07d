import { Injectable, inject, signal } from '@angular/core';
import { FieldError, Problem } from '../api/problem';
import { Notices } from '../notices/notices';
import { Language } from './language';
import { injectTexts } from './texts';
import { commonTexts } from './common-texts';

type Messages = typeof import('./problem-messages');

/** Turns errors into messages in the user's language. The messages are loaded with the first error. */
@Injectable({ providedIn: 'root' })
export class ErrorMessages {
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly t = injectTexts(commonTexts);
  /** Undefined until they are loaded; null if they cannot be loaded. */
  private readonly messages = signal<Messages | null | undefined>(undefined);
  private loading: Promise<void> | null = null;

  /** Return the message; while the messages are loaded, empty. Templates that read it are updated then. */
  of(error: unknown): string {
    const problem = Problem.from(error);
    const messages = this.messages();
    if (messages) return messages.problemMessage(problem, this.language.code());
    void this.load();
    if (problem.offline) return this.t('noConnection');
    return messages === null ? problem.detail : '';
  }

  /** Return the message once the messages are loaded. */
  async text(error: unknown): Promise<string> {
    await this.load();
    return this.of(error);
  }

  ofField(error: FieldError | undefined): string | null {
    if (!error) return null;
    const messages = this.messages();
    if (messages) return messages.fieldMessage(error, this.language.code());
    void this.load();
    return messages === null ? error.message : '';
  }

  /** Shows the message as a notice, for actions that have no place of their own for it. */
  async show(error: unknown): Promise<void> {
    // While the browser is offline, every error gets the same notice, so that repeated attempts do not pile up.
    const isOffline = Problem.from(error).offline && !navigator.onLine;
    this.notices.show(isOffline ? this.t('offline') : await this.text(error), { kind: 'problem' });
  }

  private load(): Promise<void> {
    this.loading ??= import('./problem-messages').then(
      (messages) => this.messages.set(messages),
      () => {
        this.messages.set(null);
        // The next error tries again.
        this.loading = null;
      },
    );
    return this.loading;
  }
}
