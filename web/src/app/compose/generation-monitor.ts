import { Api } from '../core/api/api';
import { Generation, Piece } from './piece';
import { streamProgress } from './progress-stream';

/** Follows the progress of several generations, until other ones replace them. */
export class GenerationMonitor {
  private controller = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly onError: (error: unknown) => void,
    private readonly onNotes: (piece: Piece) => void = () => undefined,
    private readonly onEnd: (piece: Piece) => void = () => undefined,
  ) {}

  /** Follow these generations instead of the previous ones. */
  follow(generations: readonly Generation[]): Piece[] {
    this.close();
    const { signal } = (this.controller = new AbortController());
    const pieces = generations.map((generation) => new Piece(generation));
    for (const piece of pieces) void this.followPiece(piece, signal);
    return pieces;
  }

  close(): void {
    this.controller.abort();
  }

  private async followPiece(piece: Piece, signal: AbortSignal): Promise<void> {
    try {
      await streamProgress(this.api, piece, signal, this.onNotes);
      if (!signal.aborted) this.onEnd(piece);
    } catch (error) {
      this.onError(error);
    }
  }
}
