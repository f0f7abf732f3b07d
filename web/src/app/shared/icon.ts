import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** Icons of our own, drawn as strokes on a 24 × 24 grid. */
const paths = {
  compose: 'M4 20l4-1L19 8a2.1 2.1 0 0 0-3-3L5 16l-1 4zM14 7l3 3',
  library: 'M5 4v16M10 4v16M14.5 4.6l4.8 15',
  explore: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM15.5 8.5l-2 5-5 2 2-5 5-2z',
  compare: 'M4 6h9M4 12h6M4 18h11M18 4v16M21 9v6',
  listen:
    'M4.5 16v-3.5a7.5 7.5 0 0 1 15 0V16M4.5 14H7a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1H6a1.5 1.5 0 0 1-1.5-1.5V14zM19.5 14H17a1 1 0 0 0-1 1v4a1 1 0 0 0 1 1h1a1.5 1.5 0 0 0 1.5-1.5V14z',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0',
  login: 'M10 4h8a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-8M4 12h11M11 8l4 4-4 4',
  logout: 'M14 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h8M9 12h11M16 8l4 4-4 4',
  collapse: 'M4 5h16v14H4zM9.5 5v14M16 9.5L13.5 12l2.5 2.5',
  expand: 'M4 5h16v14H4zM9.5 5v14M13.5 9.5L16 12l-2.5 2.5',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  language: 'M3.5 6h9M8 4v2M10.5 6c-.8 3.5-3 6.3-6 8M5.5 9c1 2.2 2.8 4 5.5 5M12.5 20l4-9.5 4 9.5M14 17h5',
  play: 'M8 5.2v13.6a.5.5 0 0 0 .8.4l10.4-6.8a.5.5 0 0 0 0-.8L8.8 4.8a.5.5 0 0 0-.8.4z',
  pause: 'M8.5 5v14M15.5 5v14',
  stop: 'M6.5 6.5h11v11h-11z',
  dice: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8.5 8.5h.01M15.5 15.5h.01M12 12h.01M15.5 8.5h.01M8.5 15.5h.01',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 19.5h15',
  upload: 'M12 15.5V4.5M7.5 9L12 4.5 16.5 9M4.5 19.5h15',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15L6 16.5zM10 21h4',
  pin: 'M12 21s-6-5.6-6-10.5a6 6 0 0 1 12 0C18 15.4 12 21 12 21zM12 8.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  reply: 'M9.5 6L4 11.5 9.5 17M4 11.5h9a7 7 0 0 1 7 7',
  block: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6',
  shield: 'M12 3l7.5 3v5.5c0 4.5-3 7.8-7.5 9.5-4.5-1.7-7.5-5-7.5-9.5V6L12 3z',
  share:
    'M17.5 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6.5 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM17.5 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.7 10.8l6.6-4M8.7 13.2l6.6 4',
  heart: 'M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.2 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z',
  comment: 'M4 5h16v11H9.5L5 20v-4H4z',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  filter: 'M4 6h16M7 12h10M10 18h4',
  more: 'M4.9 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0M11.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0M17.7 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10 11v5M14 11v5',
  edit: 'M4 20l4-1L19 8a2.1 2.1 0 0 0-3-3L5 16l-1 4z',
  plus: 'M12 5v14M5 12h14',
  list: 'M4 6.5h10M4 12h10M4 17.5h6M18 9v9M18 9l3 1.5M18 18a2 2 0 1 1-4 0 2 2 0 0 1 4 0z',
  again: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4.5V9H15',
  undo: 'M8.5 5L4 9.5 8.5 14M4 9.5h10a5.5 5.5 0 0 1 0 11h-4',
  redo: 'M15.5 5L20 9.5 15.5 14M20 9.5H10a5.5 5.5 0 0 0 0 11h4',
  forward: 'M5 12h13M12.5 6.5L18 12l-5.5 5.5',
  chords: 'M5 19V8.5M5 8.5h14M19 8.5V19M12 8.5V19M3 19h4M10 19h4M17 19h4M5 4.5h14',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.6h.01',
  back: 'M19 12H6M11.5 6.5L6 12l5.5 5.5',
  note: 'M9 18V5.5l10-2V16M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  warning: 'M12 4L2.8 20h18.4L12 4zM12 10v4.5M12 17.2h.01',
  offline: 'M4 4l16 16M5 12.5a10 10 0 0 1 4.5-2.6M8.5 16a5 5 0 0 1 6 0M14 9.8a10 10 0 0 1 5 2.7M12 19.5h.01',
  chevron: 'M6.5 9.5L12 15l5.5-5.5',
  key: 'M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12.5L20 4M16.5 7l3 3M14 9.5l2 2',
  link: 'M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1.1-1.1',
  volume: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a7.5 7.5 0 0 1 0 11',
  previous: 'M18 5.5v13L8.5 12zM6 5.5v13',
  next: 'M6 5.5v13l9.5-6.5zM18 5.5v13',
  sliders: 'M5 4v6M5 14v6M12 4v9M12 17v3M19 4v3M19 11v9M3 12h4M10 15h4M17 9h4',
  repeat: 'M17 3l3 3-3 3M4 12V9a3 3 0 0 1 3-3h13M7 21l-3-3 3-3M20 12v3a3 3 0 0 1-3 3H4',
  metronome: 'M9 4h6l4 16H5zM12 15l6-9M7.5 15h9',
  spark: 'M12 3.5l1.9 5.6 5.6 1.9-5.6 1.9L12 18.5l-1.9-5.6L4.5 11l5.6-1.9L12 3.5zM18.5 16.5v4M16.5 18.5h4',
} as const;

export type IconName = keyof typeof paths;

/** A decorative icon in the colour of the surrounding text and 1.4 times its size. The text next to it carries the meaning. */
@Component({
  selector: 'e-icon',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { 'aria-hidden': 'true' },
  template: `<svg viewBox="0 0 24 24" [class.solid]="solid()"><path [attr.d]="path()" /></svg>`,
  styles: `
    :host {
      display: inline-grid;
      flex: none;
      width: 1.4em;
      height: 1.4em;
    }

    path {
      fill: none;
      stroke: currentcolor;
      stroke-width: 1.8;
      stroke-linecap: round;
      stroke-linejoin: round;
    }

    .solid path {
      fill: currentcolor;
    }
  `,
})
export class Icon {
  readonly name = input.required<IconName>();
  readonly solid = input(false);
  protected readonly path = computed(() => paths[this.name()]);
}
