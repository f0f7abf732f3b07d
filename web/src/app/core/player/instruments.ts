import { Sequence } from './sequence';

/** The drum kits that the build provides (web/scripts/split-soundfont.mjs). */
const DRUM_KITS = new Set([0, 8, 16, 24, 25, 32, 40, 48]);

/** Return the name of the SoundFont file of an instrument; a variant of a drum kit has the kit's. */
export function instrumentFile({ program, isDrum }: { program: number; isDrum: boolean }): string {
  if (!isDrum) return String(program);
  const kit = DRUM_KITS.has(program) ? program : program - (program % 8);
  return `drums-${DRUM_KITS.has(kit) ? kit : 0}`;
}

/** Return the program that selects an instrument in its SoundFont file. */
export function loadedProgram(track: { program: number; isDrum: boolean }): number {
  return track.isDrum ? Number(instrumentFile(track).slice('drums-'.length)) : track.program;
}

/** Return the SoundFont files that a sequence needs, with those of later program changes. */
export function instrumentFiles({ tracks, controls }: Pick<Sequence, 'tracks' | 'controls'>): string[] {
  const changes = controls.flatMap(({ bytes, track }) =>
    bytes[0] === 0xc0 ? [instrumentFile({ program: bytes[1] ?? 0, isDrum: tracks[track]?.isDrum ?? false })] : [],
  );
  return [...new Set([...tracks.map(instrumentFile), ...changes])];
}
