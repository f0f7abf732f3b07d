import { LanguageCode } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';

/** Return the name of a track, such as `Violin 2`, translated if it is that of an instrument and not the user's own. */
export function trackLabel(name: string, language: LanguageCode): string {
  if (language === 'en') return name;
  const [, stem = name, number = ''] = /^(.+?)( \d+)$/.exec(name) ?? [];
  const label = manifestLabel(name, language, name);
  return label === name ? manifestLabel(stem, language, stem) + number : label;
}
