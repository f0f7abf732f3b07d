/** Colours of tracks, of at least 3:1 against the roll, also mixed with it. */
const LIGHT = ['#5b3cc4', '#00766c', '#b4530a', '#1f66b3', '#a82a7b', '#3f7a1e', '#7a5230', '#4a5568'];
const DARK = ['#bba6ff', '#4fd1c5', '#f6ad55', '#63b3ed', '#f687b3', '#8fd16f', '#d6b48a', '#a0aec0'];

/** Return the colours of tracks in a theme; later tracks repeat them. */
export function trackColours(isDark: boolean): readonly string[] {
  return isDark ? DARK : LIGHT;
}
