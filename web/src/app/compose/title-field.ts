import { ChangeDetectionStrategy, Component, input, output, signal } from '@angular/core';
import { injectTexts } from '../core/text/texts';
import { composeTexts } from './compose-texts';

/** The title of a finished piece. The library may number the title meanwhile: what the user is typing stays. */
@Component({
  selector: 'e-title-field',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<input
    maxlength="200"
    [value]="typed() ?? title()"
    [attr.aria-label]="t('rename')"
    (input)="typed.set($any($event.target).value)"
    (blur)="finish()"
    (keydown.enter)="$any($event.target).blur()"
    (keydown.escape)="typed.set(null); $any($event.target).blur()"
  />`,
  styleUrl: './title-field.scss',
})
export class TitleField {
  readonly title = input.required<string>();
  /** The title that the user has typed, when it is another one. */
  readonly rename = output<string>();
  protected readonly t = injectTexts(composeTexts);
  protected readonly typed = signal<string | null>(null);

  protected finish(): void {
    const title = this.typed()?.trim();
    this.typed.set(null);
    if (title && title !== this.title()) this.rename.emit(title);
  }
}
