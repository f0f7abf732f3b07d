import { Api } from '../core/api/api';
import { follow } from './follow';
import { Generation, Piece } from './piece';

/** Pieces that are followed together while they are composed, until others take their place. */
export class Watch {
  private watching = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Follows these generations instead of those before. */
  show(states: readonly Generation[]): Piece[] {
    this.close();
    const { signal } = (this.watching = new AbortController());
    const pieces = states.map((state) => new Piece(state));
    for (const piece of pieces) follow(this.api, piece, signal).catch(this.failed);
    return pieces;
  }

  close(): void {
    this.watching.abort();
  }
}
