import { Injectable, Injector, Type, inject } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import { ErrorMessages } from '../core/text/error-messages';

/** Opens dialogs; their code is loaded with the first one. */
@Injectable({ providedIn: 'root' })
export class Dialogs {
  private readonly injector = inject(Injector);
  private readonly errorMessages = inject(ErrorMessages);

  /** Open a dialog. Resolves to its result, or to undefined if it was dismissed. */
  async open<R>(load: () => Promise<Type<unknown>>, data: unknown, width = '32rem'): Promise<R | undefined> {
    try {
      const [{ MatDialog }, component] = await Promise.all([import('@angular/material/dialog'), load()]);
      const options = { data, width, maxWidth: 'calc(100vw - 1.5rem)', autoFocus: 'first-tabbable' };
      return await firstValueFrom(this.injector.get(MatDialog).open(component, options).afterClosed());
    } catch (error) {
      void this.errorMessages.show(error);
      return undefined;
    }
  }
}
