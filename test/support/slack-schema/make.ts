// Turns Slack's types into a JSON schema, and the schema into a module of checks, because compiling it in each test
// file would take too long.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { chooseByType } from './by-type.ts';

const { resolve: find } = createRequire(import.meta.url);

/** The CommonJS source of a module that exports one check for each shape. */
export function makeChecks(shapes: string, names: readonly string[]): string {
  const generator = resolve(dirname(find('ts-json-schema-generator')), '../bin/ts-json-schema-generator.js');
  const options = ['--path', shapes, '--type', '*', '--no-type-check', '--jsDoc', 'none', '--minify'];
  const schema: unknown = JSON.parse(
    execFileSync(process.execPath, [generator, ...options], { encoding: 'utf8' }),
  );
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, code: { source: true } });
  ajv.addSchema(chooseByType(schema), 'slack');
  return standalone.default(
    ajv,
    Object.fromEntries(names.map((name) => [name, `slack#/definitions/${name}`])),
  );
}
