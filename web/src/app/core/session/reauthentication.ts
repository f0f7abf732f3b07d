import { Injectable, inject } from '@angular/core';
import { Dialogs } from '../../shared/dialogs';
import { Problem } from '../api/problem';

/** Repeats changes of credentials after the user has confirmed to be present. */
@Injectable({ providedIn: 'root' })
export class Reauthentication {
  private readonly dialogs = inject(Dialogs);

  /** Run a request. If the server asks for a recent authentication, open a dialog for it and repeat the request. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof Problem) || error.slug !== 'recent-authentication-required') throw error;
      const load = () => import('../../shared/reauthentication-dialog').then((module) => module.ReauthenticationDialog);
      if (!(await this.dialogs.open<boolean>(load, null))) throw error;
      return request();
    }
  }
}
