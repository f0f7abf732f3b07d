import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule } from '@angular/material/dialog';
import { Api } from '../../core/api/api';
import { RequestState } from '../../core/api/request-state';
import type { Schema } from '../../core/api/types';
import { commonTexts } from '../../core/text/common-texts';
import { ErrorMessages } from '../../core/text/error-messages';
import { Format } from '../../core/text/format';
import { Language } from '../../core/text/language';
import { manifestLabel } from '../../core/text/manifest-labels';
import { injectTexts } from '../../core/text/texts';
import { Icon } from '../icon';
import { measureLabel } from '../songs/measure-labels';
import { ModelCardKey, modelCardTexts } from './model-card-texts';

/** What is known of the music of each kind of model. */
const LIMITS: Readonly<Record<string, readonly ModelCardKey[]>> = {
  crnngan: ['crnngan', 'crnnganTime'],
  melody: ['melody', 'melodyForm'],
  ensemble: ['ensemble', 'ensembleForm'],
};

/** A model: its licence and corpus, its limits, and measures of its music beside those of real music. */
@Component({
  imports: [Icon, MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './model-card-dialog.html',
  styleUrl: './model-card-dialog.scss',
})
export class ModelCardDialog {
  /** The name of the model, with or without its version. */
  private readonly name = inject<string>(MAT_DIALOG_DATA);
  protected readonly t = injectTexts(modelCardTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly card = signal<Schema<'ModelCard'> | null>(null);
  private readonly api = inject(Api);
  protected readonly format = inject(Format);
  private readonly language = inject(Language);

  protected readonly limits = computed(() => {
    const card = this.card();
    if (!card) return [];
    const parameter = (name: string) => card.parameters.find((one) => one.name === name);
    const [bars, parts] = [parameter('bars'), parameter('parts')];
    const range = (least: number, most: number) => ({
      least: this.format.number(least),
      most: this.format.number(most),
    });
    const known = LIMITS[card.kind] ?? [];
    return [
      ...(bars ? [this.t('bars', range(bars.minimum ?? 1, bars.maximum ?? 1))] : []),
      ...(card.length ? [this.t('events', range(card.length.minimum, card.length.maximum))] : []),
      ...(parts ? [this.t('instruments', { n: parts.max_choices ?? 1 })] : []),
      ...known.map((key) => this.t(key)),
    ];
  });
  /** Measures of composed pieces beside those of real ones; measures of real pieces alone are losses. */
  protected readonly measures = computed(() => this.rows((one) => one.composed !== null));
  protected readonly losses = computed(() => this.rows((one) => one.composed === null));

  constructor() {
    void this.request.run(async () =>
      this.card.set(await this.api.get('/api/v1/models/{name}', { path: { name: this.name } })),
    );
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }

  private rows(isShown: (measure: Schema<'MeasureView'>) => boolean) {
    const number = (value: number | null) => (value === null ? '–' : this.format.number(value, 2));
    return (this.card()?.measures ?? []).filter(isShown).map((one) => ({
      label: measureLabel(one.name, this.language.code()),
      composed: number(one.composed),
      real: number(one.real),
    }));
  }
}
