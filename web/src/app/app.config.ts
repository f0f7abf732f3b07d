import { ApplicationConfig, inject, provideAppInitializer, provideZonelessChangeDetection } from '@angular/core';
import {
  RedirectCommand,
  Router,
  TitleStrategy,
  provideRouter,
  withComponentInputBinding,
  withInMemoryScrolling,
  withNavigationErrorHandler,
} from '@angular/router';
import { routes } from './app.routes';
import { Session } from './core/session/session';
import { ErrorMessages } from './core/text/error-messages';
import { PageTitles } from './core/text/page-titles';

export const appConfig: ApplicationConfig = {
  providers: [
    provideZonelessChangeDetection(),
    provideRouter(
      routes,
      withComponentInputBinding(),
      // If the chunk of a page cannot be loaded, the current page stays.
      withNavigationErrorHandler((error) => {
        void inject(ErrorMessages).show(navigator.onLine ? error.error : new TypeError('offline'));
        return new RedirectCommand(inject(Router).parseUrl(inject(Router).url), { skipLocationChange: true });
      }),
      withInMemoryScrolling({ scrollPositionRestoration: 'enabled', anchorScrolling: 'enabled' }),
    ),
    { provide: TitleStrategy, useExisting: PageTitles },
    // Not awaited, so that the first page is painted meanwhile.
    provideAppInitializer(() => void inject(Session).restore()),
  ],
};
