/**
 * Checks messages and views against a JSON schema made from @slack/types: a misspelt, missing or additional field
 * fails. `sandbox/slack/blocks.ts` checks what types cannot say: lengths, counts, and where a block is allowed.
 * @slack/types has every block that the app sends, also `data_table`. Unknown blocks are refused here.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { z } from 'zod';
import { checkMessage, checkView } from '../../../sandbox/slack/blocks.ts';
import type { ShownHome, ShownMessage, ShownModal } from './shapes.ts';

interface Checks {
  ShownMessage: ValidateFunction<ShownMessage>;
  ShownModal: ValidateFunction<ShownModal>;
  ShownHome: ValidateFunction<ShownHome>;
}

const checks = await loadChecks();

/** Fails if Slack would refuse the message. */
export function assertMessageShape(message: object): void {
  assert.deepEqual(checkMessage(message), []);
  assert.deepEqual(messageFaults(message), []);
}

/** Fails if Slack would refuse the view. */
export function assertViewShape(view: object): void {
  assert.deepEqual(checkView(view), []);
  assert.deepEqual(viewFaults(view), []);
}

/** What in a message's blocks and metadata contradicts Slack's types, one line each. */
export function messageFaults(message: { blocks?: unknown; metadata?: unknown }): string[] {
  const { blocks, metadata } = message;
  return faultsOf(checks.ShownMessage, {
    ...(blocks === undefined ? {} : { blocks }),
    ...(metadata === undefined ? {} : { metadata }),
  });
}

export function viewFaults(view: object): string[] {
  return faultsOf('type' in view && view.type === 'home' ? checks.ShownHome : checks.ShownModal, view);
}

function faultsOf(check: ValidateFunction, value: unknown): string[] {
  if (check(value)) return [];
  return (check.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(inWords);
}

/** "/blocks/2 (section) must NOT have additional properties: txt" */
function inWords({ instancePath, keyword, data, message, params }: ErrorObject): string {
  const type = z.object({ type: z.string() }).safeParse(data);
  const extra = z.object({ additionalProperty: z.string() }).safeParse(params);
  return [
    instancePath || '/',
    ...(type.success ? [`(${type.data.type})`] : []),
    `${message}${extra.success ? `: ${extra.data.additionalProperty}` : ''}`,
    ...(keyword === 'enum' || keyword === 'const' ? [`and is ${JSON.stringify(data)}`] : []),
  ].join(' ');
}

/** Built if @slack/types or its generator has changed (2 s), and kept for the other test files. */
async function loadChecks(): Promise<Checks> {
  const here = (name: string) => resolve(import.meta.dirname, name);
  const modules = resolve(import.meta.dirname, '../../../node_modules');
  const packages = ['@slack/types', 'ts-json-schema-generator', 'ajv'];
  const hash = createHash('sha256');
  for (const name of ['shapes.ts', 'by-type.ts', 'make.ts', 'check.ts'])
    hash.update(readFileSync(here(name)));
  for (const name of packages) hash.update(readFileSync(resolve(modules, name, 'package.json')));
  const file = resolve(modules, '.cache/slack-schema', `${hash.digest('hex').slice(0, 16)}.cjs`);
  if (!existsSync(file)) {
    const { makeChecks } = await import('./make.ts');
    // Several test files may build it at once, so each writes a whole file.
    const draft = `${file}.${process.pid}`;
    mkdirSync(resolve(file, '..'), { recursive: true });
    writeFileSync(draft, makeChecks(here('shapes.ts'), ['ShownMessage', 'ShownModal', 'ShownHome']));
    renameSync(draft, file);
  }
  return createRequire(import.meta.url)(file);
}
