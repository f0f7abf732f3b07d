import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { Api } from '../../core/api/api';
import { Notices } from '../../core/notices/notices';
import { Session } from '../../core/session/session';
import { ErrorMessages } from '../../core/text/error-messages';
import { injectTexts, texts } from '../../core/text/texts';
import { Icon } from '../icon';
import { Song } from './song-list';

const likeTexts = texts(
  {
    like: 'Like {title}',
    unlike: 'Unlike {title}',
    login: 'Log in to like pieces and follow authors.',
  },
  {
    like: 'Me gusta {title}',
    unlike: 'Ya no me gusta {title}',
    login: 'Entra para marcar piezas y seguir a autores.',
  },
);

/** Shows and toggles the user's like of a song. `changed` emits the song with the new like. */
@Component({
  selector: 'e-like-button',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button
      type="button"
      class="button"
      [class.small]="small()"
      [class.liked]="song().liked"
      [attr.aria-pressed]="song().liked"
      (click)="toggle()"
    >
      <e-icon name="heart" [solid]="song().liked" /><span class="visually-hidden"
        >{{ t(song().liked ? 'unlike' : 'like', { title: song().title }) }}:
      </span>
      <span class="tabular">{{ song().like_count }}</span>
    </button>
  `,
  styles: `
    :host {
      display: grid;
    }

    .liked {
      color: var(--accent);
    }
  `,
})
export class LikeButton {
  readonly song = input.required<Song>();
  readonly small = input(false);
  readonly changed = output<Song>();
  protected readonly t = injectTexts(likeTexts);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly session = inject(Session);

  protected async toggle(): Promise<void> {
    const song = this.song();
    if (!this.session.isRegistered()) {
      this.notices.show(this.t('login'));
      return;
    }
    const liked = !song.liked;
    // Shown at once, and reverted if the request fails.
    this.changed.emit({ ...song, liked, like_count: song.like_count + (liked ? 1 : -1) });
    try {
      const path = { song_id: song.id };
      if (liked) await this.api.put('/api/v1/songs/{song_id}/like', { path });
      else await this.api.delete('/api/v1/songs/{song_id}/like', { path });
    } catch (error) {
      this.changed.emit(song);
      void this.errorMessages.show(error);
    }
  }
}
