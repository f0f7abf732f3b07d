import { LanguageCode } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';

/** Return the name of a track, translated if it is that of an instrument or a part, and not the user's own. */
export function trackLabel(name: string, language: LanguageCode): string {
  return language === 'en' ? name : manifestLabel(name, language, name);
}
