import { existsSync, readFileSync } from 'node:fs';
import { createExplainer } from '../alerts/explain/explain.ts';
import { formatFaults } from '../config/faults.ts';
import { readConfig } from '../config/file.ts';
import type { Rule } from '../config/types.ts';

const usage =
  'Usage: npm run --silent explain -- FILE (or - for standard input): one Slack message event or an array of them, as JSON.';

/** Ends the program with one sentence. */
function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

function readInput(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    fail(`${path === '-' ? 'Standard input' : path} cannot be read: ${reasonOf(error)}`);
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    fail(`${path === '-' ? 'Standard input' : path} is not JSON: ${reasonOf(error)}`);
  }
}

function readRules(): Rule[] {
  const path = process.env.VOICECALL_CONFIG ?? './voicecall.yaml';
  if (!existsSync(path)) {
    if (process.env.VOICECALL_CONFIG !== undefined)
      fail(`VOICECALL_CONFIG names ${path}, and there is no such file.`);
    return [];
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    fail(`${path} cannot be read: ${reasonOf(error)}`);
  }
  const { config, faults } = readConfig(text, path);
  if (config !== undefined) return config.rules;
  fail(`${path} cannot be used, so its rules cannot be tried. ${formatFaults(faults)}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const path = process.argv[2];
if (path === undefined) fail(usage);
const input = readInput(path);
if (typeof input !== 'object' || input === null)
  fail(`${path === '-' ? 'Standard input' : path} holds neither an object nor an array. ${usage}`);
const explain = createExplainer(readRules(), Date.now());
const answer = Array.isArray(input) ? input.map(explain) : explain(input);
process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
