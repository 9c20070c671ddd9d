import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { createExplainer, createPostedExplainer } from '../alerts/explain/explain.ts';
import { formatFaults } from '../config/faults.ts';
import { readConfig } from '../config/file.ts';
import type { Config } from '../config/types.ts';
import { isChannelId } from '../slack-ids.ts';
import { historyInWords } from './explain-history.ts';

const usage =
  "Usage: npm run --silent explain -- FILE (or - for standard input): one Slack message event or an array of them, as JSON.\n   or: npm run --silent explain -- --channel C0ALERTS [--days 30]: what the rules would have done with a channel's history.\n   or: npm run --silent explain -- --source prometheus FILE (or -): what a tool posts to that source.";

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

function readRules(): Pick<Config, 'rules' | 'lists' | 'sources'> {
  const named = process.env.VOICECALL_CONFIG?.trim() || undefined;
  const path = named ?? './voicecall.yaml';
  if (!existsSync(path)) {
    if (named !== undefined) fail(`VOICECALL_CONFIG names ${path}, and there is no such file.`);
    return { rules: [], lists: {}, sources: {} };
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

interface Arguments {
  values: { channel?: string | undefined; days?: string | undefined; source?: string | undefined };
  positionals: string[];
}

/** Ends the program with the usage if an argument has no meaning. */
function readArguments(): Arguments {
  const text = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      options: { channel: text, days: text, source: text },
      allowPositionals: true,
    });
    const { channel, days, source } = values;
    const isHistory = channel !== undefined || days !== undefined;
    const files = isHistory ? 0 : 1;
    if (positionals.length === files && !(isHistory && source !== undefined)) return { values, positionals };
  } catch {
    // An unknown option, or one without its value.
  }
  fail(usage);
}

/** Ends the program with a sentence if the channel or the number of days is none. */
function readHistoryAsked(channel: string | undefined, days: string): { channel: string; days: number } {
  const number = Number(days);
  if (channel === undefined || !isChannelId(channel))
    fail(`--channel wants a channel's id, like C0ALERTS. ${usage}`);
  if (!Number.isInteger(number) || number < 1 || number > 365)
    fail(`--days wants a number from 1 to 365. ${usage}`);
  return { channel, days: number };
}

loadDotenv({ quiet: true });
const { values, positionals } = readArguments();
const [path] = positionals;
if (path === undefined) {
  const { channel, days } = readHistoryAsked(values.channel, values.days ?? '30');
  const words = await historyInWords(readRules(), channel, days).catch((error: unknown) =>
    fail(reasonOf(error)),
  );
  process.stdout.write(`${words}\n`);
  process.exit(0);
}
const input = readInput(path);
if (typeof input !== 'object' || input === null)
  fail(`${path === '-' ? 'Standard input' : path} holds neither an object nor an array. ${usage}`);
const answer = values.source === undefined ? explainEvents(input) : explainPayloads(input, values.source);
process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);

function explainEvents(events: object): unknown {
  const explain = createExplainer(readRules().rules, Date.now());
  return Array.isArray(events) ? events.map(explain) : explain(events);
}

/** One payload or an array of them. The result has the same shape. */
function explainPayloads(payloads: object, name: string): unknown {
  const { rules, sources } = readRules();
  const found = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (found === undefined) {
    const known = Object.keys(sources).join(', ');
    fail(
      `--source wants the name of a source of voicecall.yaml${known === '' ? '' : ` (${known})`}. ${usage}`,
    );
  }
  const explain = createPostedExplainer(rules, Date.now(), { name, format: found.format });
  try {
    const all = (Array.isArray(payloads) ? payloads : [payloads]).flatMap((each) => explain(each));
    return all.length === 1 && !Array.isArray(payloads) ? all[0] : all;
  } catch (error) {
    fail(`Not accepted: ${reasonOf(error)}`);
  }
}
