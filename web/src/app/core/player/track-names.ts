import { SequenceTrack } from './sequence';

const FAMILY_SIZE = 8;
/** The families of General MIDI, in English and Spanish. */
const FAMILIES = [
  ['Piano', 'Piano'],
  ['Mallets', 'Láminas'],
  ['Organ', 'Órgano'],
  ['Guitar', 'Guitarra'],
  ['Bass', 'Bajo'],
  ['Strings', 'Cuerda'],
  ['Ensemble', 'Conjunto'],
  ['Brass', 'Metal'],
  ['Reeds', 'Lengüeta'],
  ['Flutes', 'Flautas'],
  ['Synth lead', 'Sintetizador solista'],
  ['Synth pad', 'Sintetizador de fondo'],
  ['Synth effects', 'Efectos de sintetizador'],
  ['World instruments', 'Instrumentos del mundo'],
  ['Percussion', 'Percusión'],
  ['Sound effects', 'Efectos de sonido'],
] as const;

/** Return the family of an instrument's program, in the user's language. */
export function familyName(program: number, language: 'en' | 'es'): string {
  return FAMILIES[Math.floor(program / FAMILY_SIZE)]?.[language === 'es' ? 1 : 0] ?? String(program);
}

/** Return the name of a track: its own, else its instrument's family; numbered if others have the same. */
export function trackNames(tracks: readonly SequenceTrack[], drums: string, language: 'en' | 'es'): string[] {
  const names = tracks.map(
    (track) => track.name.trim() || (track.isDrum ? drums : familyName(track.program, language)),
  );
  return names.map((name, index) => {
    const same = names.filter((other) => other === name).length;
    return same > 1 ? `${name} ${names.slice(0, index + 1).filter((other) => other === name).length}` : name;
  });
}
