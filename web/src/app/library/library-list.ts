import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { IconName } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { LibraryTabs } from './library-tabs';
import { UserItems } from './user-items';

/** A tab of the library that lists items of the user. Its content is an optional form and the list itself. */
@Component({
  selector: 'e-library-list',
  imports: [LibraryTabs, PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <e-library-tabs />
      <ng-content select="form" />
      @if (list().problem(); as problem) {
        <e-page-state [problem]="problem" (retry)="list().load()" />
      } @else if (list().isLoading()) {
        <e-page-state [loading]="true" />
      } @else if (list().items()?.length) {
        <ng-content />
      } @else {
        <e-page-state [icon]="icon()" [heading]="emptyHeading()">{{ emptyText() }}</e-page-state>
      }
    </div>
  `,
})
export class LibraryList {
  readonly list = input.required<UserItems<unknown>>();
  readonly icon = input.required<IconName>();
  readonly emptyHeading = input('');
  readonly emptyText = input.required<string>();
}
