import type { LanguageCode } from './language';
import { manifestLabel } from './manifest-labels';
import { PLAIN_INSTRUMENTS } from './spanish-instruments';

/** Return the name of a song's instrument, spelled as in the forms, in a language. */
export function instrumentLabel(name: string, language: LanguageCode): string {
  return manifestLabel(PLAIN_INSTRUMENTS[name.toLowerCase()] ?? name, language);
}
