// Writes src/app/core/api/schema.ts from an OpenAPI document: node scripts/generate-api.mjs DOCUMENT [OUTPUT]
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const [source, output = 'src/app/core/api/schema.ts'] = process.argv.slice(2);
if (!source) {
  console.error('generate-api: name the OpenAPI document');
  process.exit(2);
}
const document = JSON.parse(readFileSync(source, 'utf8'));
// The generator knows 3.1; what 3.2 adds, descriptions of events, it would not use.
document.openapi = '3.1.0';
const text = astToString(await openapiTS(document, { alphabetize: true, defaultNonNullable: false }));
const head = '// Made by `make web` from the OpenAPI document; not to be edited.\n';
writeFileSync(output, head + text);
