// Writes the characters of the pages' own texts, in English and Spanish, of each font into a file that the first page
// loads. Other characters, such as in titles of pieces, are in the complete files: node scripts/subset-fonts.mjs DIRECTORY
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import subsetFont from 'subset-font';

const FONTS = {
  'instrument-sans-basic.woff2': 'instrument-sans-latin-wght-normal.woff2',
  'instrument-serif-basic.woff2': 'instrument-serif-latin-400-normal.woff2',
};
/** The same as `$basic` in src/styles/_base.scss. */
const BASIC = [[0x20, 0x7e], 0xa0, 0xa1, 0xab, 0xb7, 0xbb, 0xbf, 0xc1, 0xc9, 0xcd, 0xd1, 0xd3, 0xd7, 0xda, 0xdc]
  .concat([0xe1, 0xe9, 0xed, 0xf1, 0xf3, 0xfa, 0xfc, [0x2013, 0x2014], [0x2018, 0x2019], [0x201c, 0x201d], 0x2026])
  .map((range) => (Array.isArray(range) ? range : [range, range]));

const [directory] = process.argv.slice(2);
const characters = BASIC.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
for (const [name, source] of Object.entries(FONTS)) {
  const font = readFileSync(join(directory, source));
  const subset = await subsetFont(font, String.fromCodePoint(...characters), { targetFormat: 'woff2' });
  writeFileSync(join(directory, name), subset);
}
