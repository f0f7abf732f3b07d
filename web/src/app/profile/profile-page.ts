import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Avatar } from '../shared/users/avatar';
import { profileTexts } from './profile-texts';

const MAX_PICTURE_BYTES = 1_000_000;

/** What the user shows of themselves, and whom they have blocked. */
@Component({
  imports: [Avatar, Icon, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './profile-page.html',
  styleUrl: './profile-page.scss',
})
export default class ProfilePage {
  protected readonly t = injectTexts(profileTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly profile = signal<Schema<'ProfileAnswer'> | null>(null);
  protected readonly blocked = signal<readonly Schema<'BlockedUser'>[]>([]);
  protected readonly request = new RequestState();
  protected readonly saving = new RequestState();
  protected readonly pictureError = signal<string | null>(null);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);

  constructor() {
    loadWhenReady(
      () => (this.session.isRegistered() ? this.session.user()?.id : undefined),
      () => this.load(),
    );
  }

  protected async load(): Promise<void> {
    await this.request.run(async () => {
      this.profile.set(await this.api.get('/api/v1/library/profile'));
      this.blocked.set((await this.api.get('/api/v1/library/blocked')).items);
    });
  }

  protected nameError(): string | null {
    return this.saving.problem()?.field('display_name') ? this.t('invalidName') : null;
  }

  protected async save(event: Event, name: string, bio: string): Promise<void> {
    event.preventDefault();
    await this.saving.run(async () => {
      const json = { display_name: name.trim() || null, bio };
      this.profile.set(await this.api.put('/api/v1/library/profile', { json }));
      this.notices.show(this.t('saved'), { kind: 'good' });
    });
  }

  protected async upload(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    this.pictureError.set(null);
    try {
      const body = file.size > MAX_PICTURE_BYTES ? await reduced(file) : file;
      if (!body || body.size > MAX_PICTURE_BYTES) return this.pictureError.set(this.t('tooLarge'));
      const headers = { 'Content-Type': body.type || 'application/octet-stream' };
      await this.api.fetch('/api/v1/library/profile/picture', { method: 'PUT', body, headers });
      this.profile.set(await this.api.get('/api/v1/library/profile'));
      this.notices.show(this.t('pictureSaved'), { kind: 'good' });
    } catch (error) {
      const problem = Problem.from(error);
      this.pictureError.set(problem.status === 422 ? this.t('unreadable') : await this.errorMessages.text(problem));
    }
  }

  protected async removePicture(): Promise<void> {
    try {
      await this.api.delete('/api/v1/library/profile/picture');
      this.profile.set(await this.api.get('/api/v1/library/profile'));
      this.notices.show(this.t('pictureRemoved'));
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async unblock(user: Schema<'BlockedUser'>): Promise<void> {
    try {
      await this.api.delete('/api/v1/library/authors/{author_id}/block', { path: { author_id: user.id } });
      this.blocked.update((all) => all.filter((each) => each.id !== user.id));
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}

/** Reduce a picture, such as a photo of a phone, before it is uploaded. Null if the browser cannot read it. */
async function reduced(file: File): Promise<Blob | null> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, 1024 / Math.min(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85));
  } catch {
    return null;
  }
}
