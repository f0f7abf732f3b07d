import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './app/app';
import { appConfig } from './app/app.config';
// The first page needs these small modules, which other pages share: here, none is a request of its own.
import './app/core/api/request-state';
import './app/core/player/sequence';
import './app/core/player/track-names';
import './app/core/text/format';
import './app/core/text/manifest-labels';
import './app/shared/page-state';
import { startServiceWorker } from './app/core/offline/start-service-worker';

bootstrapApplication(App, appConfig)
  .then(startServiceWorker)
  .catch((error: unknown) => console.error(error));
