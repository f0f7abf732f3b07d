const LETTERS: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
/** The usual spellings of the tonics. */
const MAJOR = ['C', 'Db', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B'];
const MINOR = ['C', 'C#', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'G#', 'A', 'Bb', 'B'];

/** Return the pitch class of a note name such as `F#`. */
export function pitchClass(name: string): number {
  const sharps = (name.match(/#/g)?.length ?? 0) - (name.slice(1).match(/b/g)?.length ?? 0);
  return ((LETTERS[name.charAt(0)] ?? 0) + sharps + 12) % 12;
}

/** Return a key such as `D minor` moved by semitones. */
export function transposedKey(key: string, semitones: number): string {
  const [tonic = 'C', mode = 'major'] = key.split(' ');
  const moved = (((pitchClass(tonic) + semitones) % 12) + 12) % 12;
  return `${(mode === 'minor' ? MINOR : MAJOR)[moved]} ${mode}`;
}

const SHARP_NAMES = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B'];
const FLAT_NAMES = ['C', 'D♭', 'D', 'E♭', 'E', 'F', 'G♭', 'G', 'A♭', 'A', 'B♭', 'B'];
const FLAT_KEYS = /^(F|Bb|Eb|Ab|Db|Gb|Cb) major$|^(D|G|C|F|Bb|Eb|Ab) minor$/;

/** Return the name of a pitch, such as `C4` for 60, spelled with sharps or as the key requires. */
export function pitchName(pitch: number, key = ''): string {
  const names = FLAT_KEYS.test(key) ? FLAT_NAMES : SHARP_NAMES;
  return `${names[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}
