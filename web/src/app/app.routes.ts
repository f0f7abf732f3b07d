import { Routes } from '@angular/router';

/** Every page is a chunk of its own; `title` is a key of the common texts. */
export const routes: Routes = [
  { path: '', pathMatch: 'full', loadComponent: () => import('./compose/compose-page'), title: 'compose' },
  { path: 'library', loadChildren: () => import('./library/routes'), title: 'library' },
  { path: 'explore', loadComponent: () => import('./explore/explore-page'), title: 'explore' },
  { path: 'authors/:id', loadComponent: () => import('./explore/author-page'), title: 'explore' },
  { path: 's/:token', loadComponent: () => import('./shared-song/shared-song-page') },
  { path: 'compare', loadComponent: () => import('./compare/compare-page'), title: 'compare' },
  { path: 'account', loadComponent: () => import('./account/account-page'), title: 'account' },
  { path: 'login', loadComponent: () => import('./login/login-page'), title: 'login' },
  { path: 'register', loadComponent: () => import('./login/register-page'), title: 'register' },
  { path: '**', loadComponent: () => import('./shell/not-found-page'), title: 'notFoundTitle' },
];
