import { ChangeDetectionStrategy, Component, computed, effect, inject, untracked } from '@angular/core';
import { Api } from '../core/api/api';
import { parameterWord } from '../core/text/parameter-words';
import { Session } from '../core/session/session';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Listing } from '../shared/songs/listing';
import { AddressedQuery } from '../shared/songs/query';
import { exploreTexts } from './explore-texts';
import { Feed } from './feed';

/** The public feed: new, most liked, of a style, or of authors whom one follows. */
@Component({
  imports: [Feed, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './explore-page.html',
  styleUrl: './explore-page.scss',
})
export default class ExplorePage {
  protected readonly address = new AddressedQuery();
  protected readonly query = this.address.query;
  protected readonly t = injectTexts(exploreTexts);
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly language = inject(Language);

  protected readonly listing = new Listing((query) =>
    this.api.get('/api/v1/library/explore', { query: { limit: 30, ...query } as never }),
  );
  protected readonly asked = computed(() => Object.keys(this.query()).some((name) => name !== 'sort'));

  constructor() {
    effect(() => {
      const query = this.query();
      if (this.session.isRestored()) untracked(() => void this.listing.show(query));
    });
  }

  protected word(text: string): string {
    return parameterWord(text, this.language.code());
  }
}
