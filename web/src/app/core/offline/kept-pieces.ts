import { Injectable, effect, inject, signal } from '@angular/core';
import { Api } from '../api/api';
import { instrumentFiles } from '../player/instruments';
import { midiSequence } from '../player/midi-sequence';
import type { Track } from '../player/player';
import { Session } from '../session/session';
import { cacheNameOf, canStore, keptCacheNames } from './stored-pieces';

/** What is stored of a song, besides its MIDI file. */
export interface KeptPiece {
  readonly id: string;
  readonly title: string;
  readonly author: string;
  readonly duration_seconds: number;
}

const SOUNDS = 'euterpe-sounds';
const PROCESSOR_TIMEOUT_MS = 60_000;

/** The pieces that the user keeps in this browser, which can be played without a connection. Cleared at logout. */
@Injectable({ providedIn: 'root' })
export class KeptPieces {
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly pieces = signal<readonly KeptPiece[]>([]);
  readonly isAvailable = canStore();
  /** By title. */
  readonly all = this.pieces.asReadonly();
  readonly isLoaded = signal(false);

  constructor() {
    effect(() => {
      this.session.user();
      void this.load();
    });
  }

  has(id: string): boolean {
    return this.pieces().some((piece) => piece.id === id);
  }

  /**
   * Store a song, its instruments and the application. Throws Problem if the song cannot be read, and Error if the
   * browser cannot store it.
   */
  async keep({ id, title, author, duration_seconds }: KeptPiece & { midi_url?: string | null }): Promise<void> {
    const user = this.session.user();
    if (!user) throw new Error('there is no session');
    const midi = await (await this.api.fetch(`/api/v1/songs/${id}/midi`)).arrayBuffer();
    const sounds = await caches.open(SOUNDS);
    const files = instrumentFiles(midiSequence(midi)).map((name) => `/soundfont/${name}.sf3`);
    await Promise.all([storeApplication(), ...files.map((file) => storeOnce(sounds, file))]);
    const cache = await caches.open(cacheNameOf(user.id));
    await cache.put(midiUrl(id), new Response(midi));
    const piece: KeptPiece = { id, title, author, duration_seconds };
    await cache.put(pieceUrl(id), new Response(JSON.stringify(piece)));
    // Without this, the browser may remove the pieces when space is short.
    void navigator.storage.persist().catch(() => undefined);
    await this.load();
  }

  async remove(id: string): Promise<void> {
    for (const name of await keptCacheNames()) {
      const cache = await caches.open(name);
      await Promise.all([cache.delete(pieceUrl(id)), cache.delete(midiUrl(id))]);
    }
    await this.load();
  }

  track({ id, title, author, duration_seconds: durationSeconds }: KeptPiece): Track {
    const midi = async () => {
      for (const name of await keptCacheNames()) {
        const stored = await caches.match(midiUrl(id), { cacheName: name });
        if (stored) return stored.arrayBuffer();
      }
      throw new TypeError('the piece is not stored any more');
    };
    return { id, title, author, durationSeconds, midi };
  }

  /** Read the list. The session of an earlier visit cannot be restored offline: its pieces are the only ones. */
  private async load(): Promise<void> {
    const pieces: KeptPiece[] = [];
    try {
      for (const name of await keptCacheNames()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          if (!request.url.endsWith('.json')) continue;
          pieces.push((await (await cache.match(request))?.json()) as KeptPiece);
        }
      }
    } catch {
      // Storage is disabled, so that nothing is kept.
    }
    this.pieces.set(pieces.sort((a, b) => a.title.localeCompare(b.title)));
    this.isLoaded.set(true);
  }
}

/** The addresses are names in the cache; the server has no such files. */
function pieceUrl(id: string): string {
  return `/kept/${id}.json`;
}

function midiUrl(id: string): string {
  return `/kept/${id}.mid`;
}

async function storeOnce(cache: Cache, file: string): Promise<void> {
  if (!(await cache.match(file, { ignoreVary: true }))) await cache.add(file);
}

/** Let the service worker store all files of the application. */
async function storeApplication(): Promise<void> {
  const registration = await navigator.serviceWorker.register('/service-worker.js');
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const isStored = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), PROCESSOR_TIMEOUT_MS);
    port1.onmessage = (event) => {
      clearTimeout(timer);
      resolve(event.data as boolean);
    };
    (active ?? registration.active)?.postMessage('all', [port2]);
  });
  if (!isStored) throw new Error('the application could not be stored');
}
