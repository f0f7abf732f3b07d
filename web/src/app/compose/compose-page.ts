import { NgComponentOutlet } from '@angular/common';
import {
  ChangeDetectionStrategy,
  Component,
  ElementRef,
  Type,
  effect,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { loadWithRetry } from '../core/backoff';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { promptTexts } from './prompt-texts';
import { composeTexts } from './compose-texts';
import { Composer } from './composer';
import { Draft } from './draft';
import { draftPrograms } from './draft-programs';
import { LivePlayback } from './live-playback';
import { SettingsPanel } from './settings-panel';

/** As high as the player bar is. */
const PLAYER_BAR_PIXELS = 72;

/** The home page: settings, and the result of the last request. `?piece=` shows an earlier generation. */
@Component({
  imports: [NgComponentOutlet, PageState, SettingsPanel],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './compose-page.html',
  styleUrl: './compose-page.scss',
})
export default class ComposePage {
  readonly piece = input<string>();
  /** The ids of the song to continue and of the song to accompany. */
  readonly continued = input<string | undefined>(undefined, { alias: 'continue' });
  readonly accompanied = input<string | undefined>(undefined, { alias: 'accompany' });
  protected readonly composer = inject(Composer);
  private readonly session = inject(Session);
  /** The component that shows pieces; its chunk is loaded with the first piece. */
  protected readonly result = signal<Type<unknown> | null>(null);
  protected readonly t = injectTexts(composeTexts);
  private readonly promptText = injectTexts(promptTexts);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly livePlayback = inject(LivePlayback);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);

  /** The notes of the decoration: x, y, width and opacity. */
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

  private readonly resultSection = viewChild<ElementRef<HTMLElement>>('resultSection');

  constructor() {
    void this.composer.loadModels();
    effect((onCleanup) => {
      const section = this.resultSection()?.nativeElement;
      if (!section) return;
      const observer = new ResizeObserver(() =>
        section.style.setProperty('--result-height', `${section.offsetHeight}px`),
      );
      observer.observe(section);
      onCleanup(() => observer.disconnect());
    });
    effect(() => {
      if (this.composer.submission.isPending() || this.composer.piece())
        void loadWithRetry(() => import('./result')).then((m) => this.result.set(m.Result));
    });
    effect(() => {
      const id = this.piece();
      if (id) untracked(() => void this.openPiece(id));
    });
    effect(() => {
      const [id, accompanyOnly] = [this.continued() ?? this.accompanied(), !this.continued()];
      // Reading the song needs the session, choosing a model for it needs the models.
      if (id && this.session.isRestored() && this.composer.models())
        untracked(() => void this.usePrompt(id, accompanyOnly));
    });
  }

  /** A result that is higher than the window sticks to it with its end, or with its beginning while that has the focus. */
  protected reveal(event: FocusEvent): void {
    const section = this.resultSection()?.nativeElement;
    if (!section) return;
    const { top, bottom } = (event.target as HTMLElement).getBoundingClientRect();
    const isAbove = top < 0;
    if (isAbove || bottom > innerHeight - PLAYER_BAR_PIXELS)
      section.style.setProperty('--result-height', isAbove ? '0px' : `${section.offsetHeight}px`);
  }

  protected readonly submit = (draft: Draft) => this.compose(draft);

  protected async compose(draft: Draft): Promise<void> {
    this.livePlayback.prepare(draftPrograms(this.composer.model(), draft));
    const id = await this.composer.generate(draft);
    if (id === null) return;
    await this.router.navigate(['/'], { queryParams: { piece: id } });
    document.querySelector('.result')?.scrollIntoView({ block: 'nearest' });
  }

  private async usePrompt(songId: string, accompanyOnly: boolean): Promise<void> {
    try {
      const { title } = await this.api.get('/api/v1/songs/{song_id}', { path: { song_id: songId } });
      if (!this.composer.setPrompt({ title, songId, bars: null }, accompanyOnly)) {
        this.notices.show(this.promptText('noModel'), { kind: 'problem' });
        return;
      }
      const fieldset = await afterRender('e-prompt-control fieldset');
      fieldset?.scrollIntoView({ block: 'start' });
      fieldset?.focus({ preventScroll: true });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  private async openPiece(id: string): Promise<void> {
    try {
      await this.composer.open(id);
    } catch (error) {
      this.notices.show(await this.errorMessages.text(error), { kind: 'problem' });
      await this.router.navigate(['/'], { replaceUrl: true });
    }
  }
}

/** Return the element with this selector after the next rendering. */
function afterRender(selector: string): Promise<HTMLElement | null> {
  return new Promise((resolve) =>
    requestAnimationFrame(() => setTimeout(() => resolve(document.querySelector<HTMLElement>(selector)))),
  );
}
