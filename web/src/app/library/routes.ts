import { Routes } from '@angular/router';

const routes: Routes = [
  { path: '', loadComponent: () => import('./library-page') },
  { path: 'songs/:id', loadComponent: () => import('./song-page') },
  { path: 'playlists', loadComponent: () => import('./playlists-page') },
  { path: 'playlists/:id', loadComponent: () => import('./playlist-page') },
  { path: 'trash', loadComponent: () => import('./trash-page') },
];
export default routes;
