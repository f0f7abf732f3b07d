import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import type { Schema } from '../core/api/types';
import { injectTexts } from '../core/text/texts';
import { kindLabels, notificationsPageTexts } from '../notifications/notifications-page-texts';
import { webhooksTexts } from './webhooks-texts';

export type Kind = Schema<'Kind'>;

export const allKinds = Object.keys(kindLabels) as Kind[];

/** Checkboxes for the kinds of events of a webhook. At least one stays checked. */
@Component({
  selector: 'e-webhook-kinds',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <fieldset>
      <legend>{{ t('events') }}</legend>
      @for (kind of kinds; track kind) {
        <label>
          <input
            type="checkbox"
            [checked]="value().includes(kind)"
            [disabled]="value().length === 1 && value().includes(kind)"
            (change)="toggle(kind, $any($event.target).checked)"
          />
          {{ label(labels[kind]) }}
        </label>
      }
    </fieldset>
  `,
  styles: `
    fieldset {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
      gap: 0.1rem 1.1rem;
      border: 0;
    }

    legend {
      padding: 0 0 0.3rem;
      font-weight: 600;
      font-size: 0.95rem;
    }

    label {
      display: flex;
      align-items: center;
      gap: 0.5rem;
      min-height: 40px;
      cursor: pointer;
    }

    input {
      flex: none;
      width: 20px;
      height: 20px;
    }
  `,
})
export class WebhookKinds {
  readonly value = input.required<readonly string[]>();
  readonly changed = output<Kind[]>();
  protected readonly t = injectTexts(webhooksTexts);
  protected readonly label = injectTexts(notificationsPageTexts);
  protected readonly kinds = allKinds;
  protected readonly labels = kindLabels;

  protected toggle(kind: Kind, isChecked: boolean): void {
    this.changed.emit(allKinds.filter((each) => (each === kind ? isChecked : this.value().includes(each))));
  }
}
