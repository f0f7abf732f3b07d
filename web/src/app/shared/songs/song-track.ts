import { Track } from '../../core/player/player';
import { Song } from './song-list';

/** Return the track that plays a song. */
export function songTrack({ id, title, author, duration_seconds: durationSeconds }: Song): Track {
  return { id, title, author, durationSeconds, link: ['/library/songs', id] };
}
