import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

const SIZE = 5;

/** The picture of a user, or a pattern from the account's name. Decorative: the name stands next to it. */
@Component({
  selector: 'e-avatar',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { 'aria-hidden': 'true' },
  template: `
    @if (pictureUrl(); as url) {
      <img [src]="url" alt="" width="256" height="256" loading="lazy" />
    } @else {
      <svg [attr.viewBox]="viewBox" shape-rendering="crispEdges">
        <rect width="100%" height="100%" x="-1" y="-1" [attr.fill]="pattern().background" />
        <path [attr.d]="pattern().path" [attr.fill]="pattern().colour" />
      </svg>
    }
  `,
  styles: `
    :host {
      flex: none;
      display: block;
      width: var(--avatar, 40px);
      height: var(--avatar, 40px);
      overflow: hidden;
      border-radius: 50%;
    }

    img,
    svg {
      display: block;
      width: 100%;
      height: 100%;
      object-fit: cover;
    }
  `,
})
export class Avatar {
  /** The account's name. */
  readonly name = input.required<string>();
  readonly pictureUrl = input<string | null | undefined>(null);
  protected readonly viewBox = `-1 -1 ${SIZE + 2} ${SIZE + 2}`;
  protected readonly pattern = computed(() => identicon(this.name()));
}

/** Return a symmetric pattern that depends on the name only. */
export function identicon(name: string): { path: string; colour: string; background: string } {
  let state = hash(name.toLowerCase());
  const hue = state % 360;
  let path = '';
  for (let column = 0; column < Math.ceil(SIZE / 2); column++) {
    for (let row = 0; row < SIZE; row++) {
      state = hash(`${state}`);
      if (state & 1) continue;
      for (const x of new Set([column, SIZE - 1 - column])) path += `M${x} ${row}h1v1h-1z`;
    }
  }
  return { path, colour: `hsl(${hue} 55% 42%)`, background: `hsl(${hue} 45% 88%)` };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}
