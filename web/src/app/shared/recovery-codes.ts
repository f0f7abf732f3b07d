import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { Notices } from '../core/notices/notices';
import { injectTexts } from '../core/text/texts';
import { recoveryCodeTexts } from './recovery-code-texts';
import { saveFile } from './save-file';

/** New recovery codes, which are shown once, with buttons to keep them. */
@Component({
  selector: 'e-recovery-codes',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <p>{{ t('hint') }}</p>
    <ul [attr.aria-label]="t('title')">
      @for (code of codes(); track code) {
        <li>
          <code>{{ code }}</code>
        </li>
      }
    </ul>
    <div class="row">
      <button type="button" class="button small" (click)="copy()">{{ t('copy') }}</button>
      <button type="button" class="button small" (click)="download()">{{ t('download') }}</button>
    </div>
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.9rem;
    }

    ul {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr));
      gap: 0.25rem 1rem;
      margin: 0;
      padding: 0.75rem 0.9rem;
      border-radius: var(--radius-small);
      background: var(--sunken);
      list-style: none;
    }

    .row {
      display: flex;
      flex-wrap: wrap;
      gap: 0.5rem;
    }
  `,
})
export class RecoveryCodes {
  readonly codes = input.required<readonly string[]>();
  protected readonly t = injectTexts(recoveryCodeTexts);
  private readonly notices = inject(Notices);

  protected async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.text());
    this.notices.show(this.t('copied'), { kind: 'good' });
  }

  protected download(): void {
    saveFile(new Blob([`${this.t('title')}\n\n${this.text()}\n`], { type: 'text/plain' }), this.t('fileName'));
  }

  private text(): string {
    return this.codes().join('\n');
  }
}
