import { signal } from '@angular/core';
import { localPreferences } from '../core/local-preferences';

const KEY = 'listening';
const MAX_PLAYED = 200;

interface Stored {
  readonly right: number;
  readonly guesses: number;
  /** Excerpts that were played, oldest first. */
  readonly played: readonly string[];
  /** Six hexadecimal digits; so few that they identify no one. */
  readonly browser: string;
}

/** The own answers to the listening test, which this browser keeps. */
export class ListeningScore {
  readonly state = signal<Stored>(read());

  /** Count an answer; `isRight` is null without a guess. */
  add(isRight: boolean | null, excerpt: string): void {
    this.state.update(({ right, guesses, played, browser }) => ({
      right: right + (isRight ? 1 : 0),
      guesses: guesses + (isRight === null ? 0 : 1),
      played: [...played.filter((each) => each !== excerpt), excerpt].slice(-MAX_PLAYED),
      browser,
    }));
    localPreferences.set(KEY, JSON.stringify(this.state()));
  }
}

function read(): Stored {
  const fresh: Stored = { right: 0, guesses: 0, played: [], browser: randomBrowser() };
  try {
    return { ...fresh, ...(JSON.parse(localPreferences.get(KEY) ?? '{}') as Partial<Stored>) };
  } catch {
    return fresh;
  }
}

function randomBrowser(): string {
  return [...crypto.getRandomValues(new Uint8Array(3))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
