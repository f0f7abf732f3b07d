import { Routes } from '@angular/router';

const routes: Routes = [{ path: '', loadComponent: () => import('./library-page') }];
export default routes;
