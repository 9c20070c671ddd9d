import type { z } from 'zod';
import { checkReferences, didYouMean } from './cross-checks.ts';
import { UNCONFIGURED, withDefaults } from './defaults.ts';
import { describe, type Fault } from './faults.ts';
import { configSchema } from './schema.ts';
import type { Config } from './types.ts';
import { sourceName } from './values.ts';
import { readYaml, type YamlFile } from './yaml.ts';

/** The configuration without a voicecall.yaml (or with an empty one), and a sentence for the log that explains it. */
export function defaultConfig(): Config {
  return withDefaults({ limits: UNCONFIGURED });
}

export const unconfiguredNotice = `Nothing is configured (no voicecall.yaml, or an empty one): everyone in the workspace who is no guest may call anybody, at most ${UNCONFIGURED.calleesPerRequest} people a request and ${UNCONFIGURED.callsPerHour} calls an hour. Copy voicecall.example.yaml to voicecall.yaml and say who may call whom.`;

/**
 * Reads voicecall.yaml. Returns `config` or all faults, each with its line and column. `path`: the file's name in the
 * faults. `notices`: sentences for the log about values that are allowed but may be mistakes. `sources`: the names of
 * the sources, also of a file with faults: each needs its token, which is reported together with the faults.
 */
export function readConfig(
  text: string,
  path: string,
): { config?: Config; faults: Fault[]; notices: string[]; sources: string[] } {
  const yaml = readYaml(text);
  if (yaml.file === undefined)
    return {
      faults: yaml.faults.map((each) => ({ ...each, place: `${path}:${each.place}` })),
      notices: [],
      sources: [],
    };
  const file = yaml.file;
  if (isEmpty(file.data) && yaml.faults.length === 0)
    return { config: defaultConfig(), faults: [], notices: [unconfiguredNotice], sources: [] };
  const data = file.data ?? {};
  const faults: Fault[] = [...yaml.faults];
  const notices: string[] = [];
  const parsed = configSchema.safeParse(data);
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap((issue) => faultsOf(issue, data, file)));
  checkReferences(
    data,
    (at, found, expected, hint) => faults.push(withHint({ place: file.placeOf(at), found, expected }, hint)),
    (notice) => notices.push(notice),
  );
  const sources = sourceNames(data);
  if (!parsed.success || faults.length > 0) return { faults: inOrder(faults, path), notices: [], sources };
  return { config: withDefaults(parsed.data), faults: [], notices, sources };
}

/** The names under `sources` that are valid names. */
function sourceNames(data: unknown): string[] {
  const sources = isRecord(data) && isRecord(data.sources) ? data.sources : {};
  return Object.keys(sources).filter((name) => sourceName.safeParse(name).success);
}

function isEmpty(data: unknown): boolean {
  return data === undefined || data === null || (typeof data === 'object' && Object.keys(data).length === 0);
}

/** In the order of the file. Of several faults of one value only the first, which is the most specific. */
function inOrder(faults: Fault[], path: string): Fault[] {
  const position = (fault: Fault) => {
    const [line = 0, column = 0] = fault.place.split(':').map(Number);
    return line * 10_000 + column;
  };
  const sorted = faults.toSorted((left, right) => position(left) - position(right));
  const unique = sorted.filter(
    (fault, index) =>
      sorted.findIndex((each) => each.place === fault.place && each.found === fault.found) === index,
  );
  return unique.map((fault) => ({ ...fault, place: `${path}:${fault.place}` }));
}

function faultsOf(issue: z.core.$ZodIssue, data: unknown, file: YamlFile): Fault[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) =>
      withHint(
        {
          place: file.placeOfKey(path, key),
          found: `the unknown key ${describe(key)}`,
          expected: `only ${known.join(', ')}`,
        },
        didYouMean(key, known),
      ),
    );
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    const expected = 'a name with a letter in it, without , ; : < > @ |, and no Slack id';
    return [{ place: file.placeOfKey(path.slice(0, -1), key), found: `the name ${describe(key)}`, expected }];
  }
  const place = file.placeOf(path);
  const hint =
    issue.code === 'custom' && typeof issue.params?.hint === 'string' ? issue.params.hint : undefined;
  const missing = typeof path.at(-1) === 'string' && valueAt(data, path) === undefined;
  const found = missing ? `no ${String(path.at(-1))}` : foundAt(data, path);
  return [withHint({ place, found, expected: expectedBy(issue) }, hint)];
}

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_small') return 'at least one entry';
  if (issue.code !== 'invalid_type') return issue.message;
  if (issue.expected === 'array') return 'a list, like [a, b]';
  return issue.expected === 'object' || issue.expected === 'record'
    ? 'keys under it, or the key left out'
    : issue.expected;
}

function withHint(fault: Fault, hint: string | undefined): Fault {
  return hint === undefined ? fault : { ...fault, hint };
}

/** A calendar's address is a secret, and this text goes to the log. */
function foundAt(data: unknown, path: (string | number)[]): string {
  return path.at(-1) === 'ical' ? 'another value' : describe(valueAt(data, path));
}

function valueAt(data: unknown, path: (string | number)[]): unknown {
  let value = data;
  for (const step of path) {
    // The only entry of a list may be written without brackets.
    if (step === 0 && !Array.isArray(value)) continue;
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === String(step))?.[1];
  }
  return value;
}

/** The keys that the schema knows at a path of the file. */
function keysAt(path: (string | number)[]): string[] {
  let schema: unknown = configSchema;
  for (const step of path) schema = within(schema, step);
  const object = unwrapped(schema);
  return isRecord(object) && isRecord(object.shape) ? Object.keys(object.shape) : [];
}

function within(schema: unknown, step: string | number): unknown {
  const inner = unwrapped(schema);
  if (!isRecord(inner)) return undefined;
  if (typeof step === 'number') return inner.element;
  return isRecord(inner.shape) ? inner.shape[step] : undefined;
}

/** The schema without `.optional()`, `.transform()` and similar wrappers. */
function unwrapped(schema: unknown): unknown {
  if (!isRecord(schema)) return undefined;
  if (isRecord(schema.shape) || schema.element !== undefined) return schema;
  const definition = isRecord(schema.def) ? schema.def : {};
  const next = definition.innerType ?? definition.in;
  return next === undefined ? schema : unwrapped(next);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
