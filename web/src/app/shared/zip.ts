/** A file of an archive. */
export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_HEADER = 0x06054b50;
const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** January 1, 1980. */
const DATE = 0x21;

/** Return a ZIP archive of uncompressed files; equal names are numbered. */
export function zip(files: readonly ZipFile[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  const taken = new Set<string>();
  let offset = 0;
  for (const { name, content } of files) {
    const encoded = new TextEncoder().encode(uniqueName(name, taken));
    const common = [VERSION, FLAGS, 0, 0, DATE].map(int16);
    const sizes = [
      int32(crc32(content)),
      int32(content.length),
      int32(content.length),
      int16(encoded.length),
      int16(0),
    ];
    const local = join([int32(LOCAL_HEADER), ...common, ...sizes, encoded, content]);
    const place = [...[0, 0, 0].map(int16), int32(0), int32(offset)];
    central.push(join([int32(CENTRAL_HEADER), int16(VERSION), ...common, ...sizes, ...place, encoded]));
    parts.push(local);
    offset += local.length;
  }
  const directory = join(central);
  const counts = [0, 0, files.length, files.length].map(int16);
  const end = [int32(END_HEADER), ...counts, int32(directory.length), int32(offset), int16(0)];
  return join([...parts, directory, ...end]);
}

function uniqueName(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf('.');
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name.slice(0, dot)} (${number})${name.slice(dot)}`;
  taken.add(unique);
  return unique;
}

function crc32(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function int16(value: number): Uint8Array {
  return new Uint8Array([value & 255, value >>> 8]);
}

function int32(value: number): Uint8Array {
  return new Uint8Array([value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
