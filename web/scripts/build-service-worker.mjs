// Writes the service worker of the build in a directory: node scripts/build-service-worker.mjs DIRECTORY
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory] = process.argv.slice(2);
const source = readFileSync(new URL('../src/service-worker.js', import.meta.url), 'utf8');
const index = readFileSync(join(directory, 'index.html'), 'utf8');
const files = readdirSync(directory, { recursive: true })
  .filter((name) => /\.(js|css|woff2|svg|png|webmanifest)$/.test(name) && name !== 'service-worker.js')
  .map((name) => `/${name.replaceAll('\\', '/')}`)
  .sort();
// What index.html names is what the first page needs.
const shell = ['/', ...files.filter((name) => index.includes(`"${name.slice(1)}"`))];
const digest = createHash('sha256').update(source).update(index);
for (const name of files) digest.update(name).update(readFileSync(join(directory, name)));
const build = JSON.stringify({ version: digest.digest('hex').slice(0, 12), shell, files });
writeFileSync(join(directory, 'service-worker.js'), `self.BUILD = ${build};\n${source}`);
