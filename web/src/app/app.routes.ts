import { Route } from '@angular/router';
import type { CommonKey } from './core/text/common-texts';
import type { IconName } from './shared/icon';

/** A page. `title` is a key of the common texts; a page with an `icon` is in the main navigation. */
export interface PageRoute extends Route {
  readonly path: string;
  readonly title?: CommonKey;
  readonly icon?: IconName;
}

/** All pages, each in its own chunk. The gateway serves index.html at these paths, listed in deploy/gateway/pages.caddy. */
export const routes: PageRoute[] = [
  {
    path: '',
    pathMatch: 'full',
    loadComponent: () => import('./compose/compose-page'),
    title: 'compose',
    icon: 'compose',
  },
  { path: 'library', loadComponent: () => import('./library/library-page'), title: 'library', icon: 'library' },
  { path: 'library/songs/:id', loadComponent: () => import('./library/song-page'), title: 'library' },
  {
    path: 'library/songs/:id/edit',
    loadComponent: () => import('./editor/editor-page'),
    canDeactivate: [(page: { canLeave(): boolean }) => page.canLeave()],
    title: 'library',
  },
  { path: 'library/playlists', loadComponent: () => import('./library/playlists-page'), title: 'library' },
  { path: 'library/playlists/:id', loadComponent: () => import('./library/playlist-page'), title: 'library' },
  { path: 'library/likes', loadComponent: () => import('./library/likes-page'), title: 'library' },
  { path: 'library/offline', loadComponent: () => import('./library/offline-page'), title: 'library' },
  { path: 'library/trash', loadComponent: () => import('./library/trash-page'), title: 'library' },
  { path: 'explore', loadComponent: () => import('./explore/explore-page'), title: 'explore', icon: 'explore' },
  { path: 'authors/:id', loadComponent: () => import('./explore/author-page'), title: 'explore' },
  { path: 's/:token', loadComponent: () => import('./shared-song/shared-song-page') },
  { path: 'compare', loadComponent: () => import('./compare/compare-page'), title: 'compare', icon: 'compare' },
  { path: 'listen', loadComponent: () => import('./listen/listen-page'), title: 'listen' },
  {
    path: 'notifications',
    loadComponent: () => import('./notifications/notifications-page'),
    title: 'notifications',
  },
  { path: 'moderation', loadComponent: () => import('./moderation/moderation-page'), title: 'moderation' },
  { path: 'account/webhooks', loadComponent: () => import('./webhooks/webhooks-page'), title: 'webhooks' },
  { path: 'account/profile', loadComponent: () => import('./profile/profile-page'), title: 'profile' },
  { path: 'account', loadComponent: () => import('./account/account-page'), title: 'account' },
  { path: 'login', loadComponent: () => import('./login/credentials-page'), title: 'login', data: { mode: 'login' } },
  { path: 'login/provider', loadComponent: () => import('./login/provider-page'), title: 'login' },
  {
    path: 'register',
    loadComponent: () => import('./login/credentials-page'),
    title: 'register',
    data: { mode: 'register' },
  },
  { path: 'recover', loadComponent: () => import('./login/recover-page'), title: 'recover' },
  { path: 'verify-email', loadComponent: () => import('./login/verify-email-page'), title: 'verifyEmail' },
  { path: 'unsubscribe', loadComponent: () => import('./notifications/unsubscribe-page'), title: 'unsubscribe' },
  { path: '**', loadComponent: () => import('./shell/not-found-page'), title: 'notFoundTitle' },
];
