import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  ElementRef,
  effect,
  inject,
  input,
  signal,
} from '@angular/core';
import { RollThumbnails } from './roll-thumbnails';

/** The piano roll of a song as a small picture, which is loaded when it comes into view. */
@Component({
  selector: 'e-roll-thumbnail',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `@if (url(); as url) {
    <img [src]="url" alt="" width="96" height="40" />
  }`,
  styles: `
    :host {
      display: block;
      width: 96px;
      height: 40px;
      overflow: hidden;
      border-radius: 6px;
      background: var(--sunken);
    }

    img {
      display: block;
      width: 100%;
      height: 100%;
      object-fit: cover;
    }
  `,
})
export class RollThumbnail {
  readonly songId = input.required<string>();
  /** Changes with the notes of the song. */
  readonly version = input.required<number>();
  protected readonly url = signal<string | null>(null);
  private readonly isVisible = signal(false);
  private readonly thumbnails = inject(RollThumbnails);

  constructor() {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.isVisible.set(true);
    });
    observer.observe(inject<ElementRef<HTMLElement>>(ElementRef).nativeElement);
    inject(DestroyRef).onDestroy(() => observer.disconnect());
    effect(() => {
      if (this.isVisible()) void this.thumbnails.of(this.songId(), this.version()).then((url) => this.url.set(url));
    });
  }
}
