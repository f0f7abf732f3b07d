import { NgComponentOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, Type, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { loadWithRetry } from '../core/backoff';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { beginningTexts } from './beginning-texts';
import { composeTexts } from './compose-texts';
import { Composer } from './composer';
import { Draft } from './draft';
import { Plucks } from './plucks';
import { SettingsPanel } from './settings-panel';

/** Home: choose, compose, watch, listen, keep. `?piece=` shows one that was ordered before. */
@Component({
  imports: [NgComponentOutlet, PageState, SettingsPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './compose-page.html',
  styleUrl: './compose-page.scss',
})
export default class ComposePage {
  readonly piece = input<string>();
  /** Songs to go on from, or to accompany. */
  readonly continued = input<string | undefined>(undefined, { alias: 'continue' });
  readonly accompanied = input<string | undefined>(undefined, { alias: 'accompany' });
  protected readonly composer = inject(Composer);
  private readonly session = inject(Session);
  /** What shows pieces comes with the first of them. */
  protected readonly result = signal<Type<unknown> | null>(null);
  protected readonly t = injectTexts(composeTexts);
  private readonly begins = injectTexts(beginningTexts);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly plucks = inject(Plucks);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);

  /** A phrase at rest: x, y, length and opacity of its notes. */
  protected readonly decoration = [
    [8, 96, 46, 0.35],
    [52, 78, 30, 0.5],
    [80, 60, 54, 0.7],
    [132, 42, 26, 0.85],
    [156, 24, 62, 1],
    [216, 42, 30, 0.85],
    [244, 60, 44, 0.6],
    [286, 78, 26, 0.4],
    [52, 120, 92, 0.25],
    [156, 102, 84, 0.35],
    [244, 120, 68, 0.25],
  ] as const;

  constructor() {
    void this.composer.loadModels();
    effect(() => {
      if (this.composer.ordering() || this.composer.piece())
        void loadWithRetry(() => import('./result')).then((m) => this.result.set(m.Result));
    });
    effect(() => {
      const id = this.piece();
      if (id) untracked(() => void this.openPiece(id));
    });
    effect(() => {
      const [id, only] = [this.continued() ?? this.accompanied(), !this.continued()];
      // Whoever may read the song is known only when the session is; the model, when the models are.
      if (id && this.session.isRestored() && this.composer.models()) untracked(() => void this.begin(id, only));
    });
  }

  protected readonly order = (draft: Draft) => this.compose(draft);

  protected async compose(draft: Draft): Promise<void> {
    this.plucks.prepare();
    const id = await this.composer.order(draft);
    if (id === null) return;
    await this.router.navigate(['/'], { queryParams: { piece: id } });
    document.querySelector('.stage')?.scrollIntoView({ block: 'nearest' });
  }

  private async begin(id: string, only: boolean): Promise<void> {
    try {
      const { title } = await this.api.get('/api/v1/songs/{song_id}', { path: { song_id: id } });
      if (!this.composer.begin({ title, songId: id, bars: null }, only)) {
        this.notices.show(this.begins('noModel'), { kind: 'problem' });
        return;
      }
      const place = await appeared('e-beginning fieldset');
      place?.scrollIntoView({ block: 'start' });
      place?.focus({ preventScroll: true });
    } catch (error) {
      this.errorMessages.show(error);
    }
  }

  private async openPiece(id: string): Promise<void> {
    try {
      await this.composer.open(id);
    } catch (error) {
      this.notices.show(this.errorMessages.of(Problem.from(error)), { kind: 'problem' });
      await this.router.navigate(['/'], { replaceUrl: true });
    }
  }
}

/** An element that is about to be rendered. */
function appeared(selector: string): Promise<HTMLElement | null> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => setTimeout(() => resolve(document.querySelector<HTMLElement>(selector)))),
  );
}
