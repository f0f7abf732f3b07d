import { Api } from '../core/api/api';
import { Generation, Piece } from './piece';
import { streamProgress } from './progress-stream';

/** Follows the progress of several generations, until other ones replace them. */
export class GenerationMonitor {
  private controller = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Follow these generations instead of the previous ones. */
  follow(generations: readonly Generation[]): Piece[] {
    this.close();
    const { signal } = (this.controller = new AbortController());
    const pieces = generations.map((generation) => new Piece(generation));
    for (const piece of pieces) streamProgress(this.api, piece, signal).catch(this.onError);
    return pieces;
  }

  close(): void {
    this.controller.abort();
  }
}
