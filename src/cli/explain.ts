import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { createExplainer } from '../alerts/explain/explain.ts';
import { formatFaults } from '../config/faults.ts';
import { readConfig } from '../config/file.ts';
import type { Config } from '../config/types.ts';
import { historyInWords } from './explain-history.ts';

const usage =
  "Usage: npm run --silent explain -- FILE (or - for standard input): one Slack message event or an array of them, as JSON.\n   or: npm run --silent explain -- --channel C0ALERTS [--days 30]: what the rules would have done with a channel's history.";

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

function readRules(): Pick<Config, 'rules' | 'lists'> {
  const path = process.env.VOICECALL_CONFIG ?? './voicecall.yaml';
  if (!existsSync(path)) {
    if (process.env.VOICECALL_CONFIG !== undefined)
      fail(`VOICECALL_CONFIG names ${path}, and there is no such file.`);
    return { rules: [], lists: {} };
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    fail(`${path} cannot be read: ${reasonOf(error)}`);
  }
  const { config, faults } = readConfig(text, path);
  if (config !== undefined) return config;
  fail(`${path} cannot be used, so its rules cannot be tried. ${formatFaults(faults)}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `--channel C… [--days N]`; undefined: a file is asked for. */
function channelAsked(): { channel: string; days: number } | undefined {
  const { values } = parseArgs({
    options: { channel: { type: 'string' }, days: { type: 'string' } },
    allowPositionals: true,
    strict: false,
  });
  if (values.channel === undefined) return undefined;
  const days = Number(values.days ?? 30);
  if (typeof values.channel !== 'string' || !/^[CG][A-Z0-9]{2,}$/.test(values.channel))
    fail(`--channel wants a channel's id, like C0ALERTS. ${usage}`);
  if (!Number.isInteger(days) || days < 1 || days > 365)
    fail(`--days wants a number from 1 to 365. ${usage}`);
  return { channel: values.channel, days };
}

const asked = channelAsked();
if (asked !== undefined) {
  loadDotenv({ quiet: true });
  const words = await historyInWords(readRules(), asked.channel, asked.days).catch((error: unknown) =>
    fail(reasonOf(error)),
  );
  process.stdout.write(`${words}\n`);
  process.exit(0);
}
const path = process.argv[2];
if (path === undefined) fail(usage);
const input = readInput(path);
if (typeof input !== 'object' || input === null)
  fail(`${path === '-' ? 'Standard input' : path} holds neither an object nor an array. ${usage}`);
const explain = createExplainer(readRules().rules, Date.now());
const answer = Array.isArray(input) ? input.map(explain) : explain(input);
process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
