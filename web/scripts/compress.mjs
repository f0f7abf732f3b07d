// Compresses the build output once, at the highest level, so that the gateway serves precompressed files.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [directory] = process.argv.slice(2);
for (const name of readdirSync(directory, { recursive: true })) {
  if (!/\.(js|css|svg|txt)$/.test(name)) continue;
  const content = readFileSync(join(directory, name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(join(directory, `${name}.br`), brotliCompressSync(content, { params }));
  writeFileSync(join(directory, `${name}.gz`), gzipSync(content, { level: 9 }));
}
