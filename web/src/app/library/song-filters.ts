import { ChangeDetectionStrategy, Component, effect, inject, input, output, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { manifestLabel } from '../core/text/manifest-labels';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Facets, SongQuery } from '../shared/songs/song-list';
import { libraryTexts } from './library-texts';

/** The filters of the library, each with the values that occur and the number of their songs. */
@Component({
  selector: 'e-song-filters',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="panel filters">
      @for (facet of facetNames; track facet) {
        <div class="field">
          <label [for]="'filter-' + facet">{{ t(facet) }}</label>
          <select class="input" [id]="'filter-' + facet" (change)="select(facet, $any($event.target).value)">
            <option value="">{{ t('any') }}</option>
            @for (value of valuesOf(facet); track value.name) {
              <option [value]="value.name" [selected]="isSelected(facet, value.name)">
                {{ valueLabel(facet, value.name) }} ({{ value.count }})
              </option>
            }
          </select>
        </div>
      }
      @for (range of ranges; track range) {
        <fieldset class="field">
          <legend class="label">{{ t(range) }}</legend>
          <div class="range">
            @for (bound of bounds; track bound.end) {
              <input
                class="input tabular"
                type="number"
                min="0"
                [attr.aria-label]="t(range) + ' ' + t(bound.key)"
                [placeholder]="t(bound.key)"
                [value]="rangeValue(range, bound.end)"
                (change)="setBound(range, bound.end, $any($event.target).value)"
              />
            }
          </div>
        </fieldset>
      }
      <button type="button" class="button small" (click)="clear()">{{ t('clear') }}</button>
    </div>
  `,
  styles: `
    .filters {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr));
      gap: 1rem;
      align-items: end;
      margin-bottom: 1.25rem;
      padding: 1.1rem;
    }

    legend {
      margin-bottom: 0.35rem;
      padding: 0;
    }

    .range {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: 0.5rem;
    }

    .button {
      justify-self: start;
    }
  `,
})
export class SongFilters {
  readonly query = input.required<SongQuery>();
  readonly queryChange = output<Partial<SongQuery>>();
  protected readonly t = injectTexts(libraryTexts);
  protected readonly facetNames = ['model', 'style', 'key', 'instrument', 'tag', 'visibility'] as const;
  protected readonly ranges = ['tempo', 'duration'] as const;
  protected readonly bounds = [
    { end: 'min', key: 'from' },
    { end: 'max', key: 'to' },
  ] as const;
  private readonly facets = signal<Facets>({});
  private readonly api = inject(Api);
  private readonly format = inject(Format);
  private readonly language = inject(Language);
  private readonly errorMessages = inject(ErrorMessages);

  constructor() {
    effect(() => {
      const { sort: _, ...query } = this.query();
      this.api.get('/api/v1/songs/facets', { query: query as never }).then(
        (answer) => this.facets.set(answer.facets),
        (error: unknown) => this.errorMessages.show(error),
      );
    });
  }

  protected valuesOf(name: string): { name: string; count: number }[] {
    const counted = Object.entries(this.facets()[name] ?? {}).map(([value, count]) => ({ name: value, count }));
    const selected = [(this.query() as Record<string, unknown>)[name] ?? []].flat().map(String);
    const missing = selected.filter((value) => !counted.some((each) => each.name === value));
    return [...missing.map((value) => ({ name: value, count: 0 })), ...counted];
  }

  protected isSelected(name: string, value: string): boolean {
    return [(this.query() as Record<string, unknown>)[name] ?? []].flat().includes(value);
  }

  protected valueLabel(name: string, value: string): string {
    const visibility = value === 'private' || value === 'unlisted' || value === 'public' ? value : null;
    if (name === 'visibility' && visibility) return this.t(visibility);
    if (name === 'key') return this.format.key(value);
    return name === 'style' || name === 'instrument' ? manifestLabel(value, this.language.code()) : value;
  }

  protected select(name: string, value: string): void {
    const isList = name === 'instrument' || name === 'tag';
    this.queryChange.emit({ [name]: value ? (isList ? [value] : value) : undefined });
  }

  protected rangeValue(range: 'tempo' | 'duration', end: 'min' | 'max'): number | string {
    return this.query()[`${range}_${end}`] ?? '';
  }

  protected setBound(range: 'tempo' | 'duration', end: 'min' | 'max', text: string): void {
    const value = text === '' ? undefined : Math.max(range === 'tempo' ? 1 : 0, Number(text));
    this.queryChange.emit({ [`${range}_${end}`]: value });
  }

  protected clear(): void {
    const { q: _, sort: __, ...filters } = this.query();
    this.queryChange.emit(Object.fromEntries(Object.keys(filters).map((name) => [name, undefined])));
  }
}
