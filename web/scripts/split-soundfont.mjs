// Splits a General MIDI SoundFont into one SF3 file per instrument, so that pages load only the instruments of a piece:
// node scripts/split-soundfont.mjs SOUNDFONT DIRECTORY
// The samples are copied as they are. Instruments of more than MAX_BYTES (the stereo pianos, 15 MB each) keep one
// velocity layer, one channel and every second sample.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BasicSoundBank, SoundBankLoader } from 'spessasynth_core';

const [source, directory] = process.argv.slice(2);
if (!directory) {
  console.error('usage: split-soundfont.mjs SOUNDFONT DIRECTORY');
  process.exit(2);
}
const MAX_BYTES = 4_000_000;
/** The drum kits of General MIDI level 2; other kits are variants of them. */
const DRUM_KITS = new Set([0, 8, 16, 24, 25, 32, 40, 48]);
const PAN = 17;
const MONO = 1;

const content = readFileSync(source);
const bank = SoundBankLoader.fromArrayBuffer(
  content.buffer.slice(content.byteOffset, content.byteOffset + content.length),
);
mkdirSync(directory, { recursive: true });
let total = 0;
for (const preset of bank.presets) {
  const isMelodic = !preset.isGMGSDrum && preset.bankMSB === 0 && preset.bankLSB === 0;
  if (!isMelodic && !(preset.isGMGSDrum && DRUM_KITS.has(preset.program))) continue;
  let file = write(preset, false);
  if (file.byteLength > MAX_BYTES) file = write(preset, true);
  const name = preset.isGMGSDrum ? `drums-${preset.program}` : String(preset.program);
  writeFileSync(join(directory, `${name}.sf3`), new Uint8Array(file));
  total += file.byteLength;
}
// The licence requires the notice with every copy.
writeFileSync(join(directory, 'licence.txt'), `${bank.soundBankInfo.name}\n\n${bank.soundBankInfo.comment}\n`);
console.log(`${(total / 1e6).toFixed(0)} MB`);

function write(preset, reduced) {
  const part = new BasicSoundBank();
  part.soundBankInfo = { ...bank.soundBankInfo, name: preset.name, comment: 'See licence.txt.' };
  part.defaultModulators = bank.defaultModulators;
  part.customDefaultModulators = bank.customDefaultModulators;
  part.clonePreset(preset);
  if (reduced) reduce(part);
  part.flush();
  return part.writeSF2();
}

function reduce(part) {
  const [preset] = part.presets;
  keepOneVelocityLayer(preset);
  for (const instrument of new Set(preset.zones.map((zone) => zone.instrument))) {
    keepOneChannel(instrument);
    keepEverySecondSample(instrument);
  }
  part.removeUnusedElements();
}

/** Keep the zones of medium velocity, and let the loudest of them also play the loudest notes. */
function keepOneVelocityLayer(preset) {
  const loudest = Math.max(...preset.zones.filter((zone) => zone.velRange.max < 127).map((zone) => zone.velRange.max));
  for (let index = preset.zones.length - 1; index >= 0; index--) {
    const { velRange } = preset.zones[index];
    if (velRange.min > loudest) preset.deleteZone(index);
    else if (velRange.max === loudest) velRange.max = 127;
  }
}

/** Delete the samples of the right channel and move the others to the middle. */
function keepOneChannel(instrument) {
  for (let index = instrument.zones.length - 1; index >= 0; index--) {
    const zone = instrument.zones[index];
    if (zone.sample.name.endsWith('(R)')) instrument.deleteZone(index, true);
  }
  for (const zone of instrument.zones) {
    zone.setGenerator(PAN, null);
    if (zone.sample.isLinked) zone.sample.unlinkSample();
    zone.sample.setSampleType(MONO);
  }
  instrument.globalZone.setGenerator(PAN, null);
}

/** Delete every second sample; the one below it also plays its keys. */
function keepEverySecondSample(instrument) {
  instrument.zones.sort((a, b) => a.keyRange.min - b.keyRange.min);
  for (let index = instrument.zones.length - 1; index > 0; index--) {
    if (index % 2 === 0) continue;
    instrument.zones[index - 1].keyRange.max = instrument.zones[index].keyRange.max;
    instrument.deleteZone(index, true);
  }
}
