import { Signal, computed, inject } from '@angular/core';
import { Player, Track } from './player';

/** The playback of one track: its state in the player, and its controls. Needs an injection context. */
export class Playback {
  private readonly player = inject(Player);
  /** Whether the track is the current one of the player. */
  readonly isCurrent = computed(() => this.player.isCurrent(this.track()?.id));
  readonly isLoading = computed(() => this.isCurrent() && this.player.state() === 'loading');
  readonly isPlaying = computed(() => this.isCurrent() && this.player.isPlaying());
  /** The position in seconds, updated a few times per second. */
  readonly position = computed(() => (this.isCurrent() ? this.player.position() : 0));

  /** `track` is null while there is nothing to play. */
  constructor(readonly track: Signal<Track | null>) {}

  /** The exact position in seconds, for animations. */
  exactPosition(): number {
    return this.player.exactPosition();
  }

  toggle(): void {
    const track = this.track();
    if (track) void this.player.toggle(track);
  }

  seek(seconds: number): void {
    const track = this.track();
    if (this.isCurrent() && !this.isLoading()) this.player.seek(seconds);
    else if (track) void this.player.play(track, seconds);
  }
}
