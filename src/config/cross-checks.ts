import { nearest } from '../callees/did-you-mean.ts';
import { readNumberAndName } from '../callees/named-number.ts';
import { normalizeTyped } from '../callees/number.ts';
import { maskNumber } from '../callees/numbering-plan.ts';
import { maskNumbers } from '../mask-numbers.ts';
import { isGroupId, isMemberId } from '../slack-ids.ts';
import { onlyTimeZone, VOICE_DEFAULTS } from './defaults.ts';
import { sourceTokenName } from './env.ts';
import { country, isOnlyName } from './values.ts';

/** Keys and positions from the top of the file to a value. */
type Path = (string | number)[];

/** Reports a fault: where in the file it is, what was found there (quoted as it is), and what was expected. */
export type ReportAt = (path: Path, found: string, expected: string, hint?: string) => void;

type Group = Record<string, unknown>;

/** The file before it is parsed, as every check below needs it. */
interface RawFile {
  root: Group;
  /** The country of numbers without a country code. */
  country: Parameters<typeof onlyTimeZone>[0];
  report: ReportAt;
  notice: (text: string) => void;
}

const FILE_ID = /^[\w.-]{5,}\.(mp3|wav|m4a)$/i;

/**
 * Checks values against each other: names of lists and recordings, numbers, the bounds in `voice.limits`, options
 * that exclude each other. Reads the unparsed file, so that these faults are reported together with those of single
 * values. Skips values of the wrong shape, which are reported already.
 */
export function checkReferences(data: unknown, report: ReportAt, notice: (text: string) => void): void {
  const root = group(data);
  const home = country.safeParse(root.country);
  const file: RawFile = { root, country: home.success ? home.data : undefined, report, notice };
  checkNames(file, 'lists');
  checkNames(file, 'recordings');
  for (const [name, entries] of Object.entries(group(root.lists))) {
    for (const [index, entry] of list(entries).entries()) checkEntry(file, ['lists', name, index], entry);
  }
  checkRosters(file);
  checkLoopCount(file);
  checkDisplayNums(file);
  checkUntil(file, group(root.reach), ['reach']);
  checkApproval(file);
  checkSourceTokens(file);
  checkRules(file);
}

/** Each source has a token of its own, so no two names may give the same variable. */
function checkSourceTokens({ root, report }: RawFile): void {
  const byVariable = Map.groupBy(Object.keys(group(root.sources)), sourceTokenName);
  for (const [variable, [first, ...others]] of byVariable) {
    for (const name of others) {
      report(
        ['sources', name],
        `${JSON.stringify(name)}, whose token would be ${variable} like that of ${JSON.stringify(first)}`,
        'names that differ in more than capitals, - and _',
      );
    }
  }
}

function checkRules(file: RawFile): void {
  const { root, report, notice } = file;
  const names = new Set<unknown>();
  for (const [index, value] of list(root.rules).entries()) {
    const rule = group(value);
    const at = ['rules', index];
    const name = rule.name;
    if (name !== undefined && names.has(name))
      report([...at, 'name'], `${JSON.stringify(name)} again`, 'another name for each rule');
    names.add(name);
    checkMessage(file, rule, at);
    checkReach(file, rule, at);
    checkSources(file, rule, at);
    checkCalls(file, rule, at);
    for (const [position, step] of list(rule.then).entries())
      checkCalls(file, group(step), [...at, 'then', position]);
    if (rule.approval === 'policy' && root.approval === undefined) {
      report([...at, 'approval'], 'policy', 'never, or a key "approval" at the top that says who approves');
    }
    checkTimeZone(file, rule, at);
    if (rule.channels !== undefined && group(rule.match).from === undefined) {
      notice(
        `Rule ${JSON.stringify(name)} has no match.from: anybody in the workspace can build a workflow that posts as a bot, and would trigger it. Name the bot_id or app_id of the alerting tool.`,
      );
    }
  }
}

/** The entries of `call` in a rule or a step. */
function checkCalls(file: RawFile, { call }: Group, at: Path): void {
  for (const [position, entry] of oneOrMore(call).entries())
    checkCall(file, Array.isArray(call) ? [...at, 'call', position] : [...at, 'call'], entry);
}

/** The hours of a rule need a time zone, unless the country has only one. */
function checkTimeZone({ country, report }: RawFile, { between, days, timeZone }: Group, at: Path): void {
  if ((between ?? days) === undefined || timeZone !== undefined || onlyTimeZone(country) !== undefined)
    return;
  const found = `${between === undefined ? 'days' : 'between'} without timeZone`;
  report(at, found, 'a timeZone beside it, like Asia/Kolkata');
}

/** A rule listens to channels, sources or both. To be shown in Slack it needs a channel. */
function checkSources({ root, report, notice }: RawFile, rule: Group, at: Path): void {
  if (rule.channels === undefined && rule.sources === undefined)
    report([...at, 'channels'], 'neither channels nor sources', 'one of them');
  const sources = group(root.sources);
  for (const [position, name] of oneOrMore(rule.sources).entries()) {
    if (typeof name !== 'string') continue;
    const path = Array.isArray(rule.sources) ? [...at, 'sources', position] : [...at, 'sources'];
    if (!Object.hasOwn(sources, name))
      report(path, JSON.stringify(name), 'a name from sources', didYouMean(name, Object.keys(sources)));
    else if (rule.channel === undefined && group(sources[name]).channel === undefined) {
      if (rule.approval === 'policy')
        report(path, `${name}, whose alerts are shown nowhere`, 'a channel beside it, for who approves');
      else
        notice(
          `Rule ${JSON.stringify(rule.name)} calls for alerts of ${name} without showing them in Slack: neither has a channel.`,
        );
    }
  }
}

function checkMessage({ root, report }: RawFile, rule: Group, at: Path): void {
  const { say, recording } = rule;
  if (say === undefined && recording === undefined) report(at, 'neither say nor recording', 'one of them');
  if (say !== undefined && recording !== undefined)
    report([...at, 'recording'], 'say and recording', 'only one of them');
  if (say === undefined && rule.language !== undefined)
    report([...at, 'language'], 'language without say', 'say beside it, or no language');
  if (typeof recording !== 'string' || FILE_ID.test(recording)) return;
  const known = Object.keys(group(root.recordings));
  if (known.includes(recording)) return;
  report(
    [...at, 'recording'],
    JSON.stringify(recording),
    'a name from recordings, or a fileId',
    didYouMean(recording, known),
  );
}

/** The names of keys in a spoken text. */
const keyWords: Record<string, RegExp> = {
  ...{ '0': /\bzero\b/i, '1': /\bone\b/i, '2': /\btwo\b/i, '3': /\bthree\b/i, '4': /\bfour\b/i },
  ...{ '5': /\bfive\b/i, '6': /\bsix\b/i, '7': /\bseven\b/i, '8': /\beight\b/i, '9': /\bnine\b/i },
  ...{ '*': /\*|\bstar\b/i, '#': /#|\b(hash|pound)\b/i },
};

function mentionsKey(say: unknown, key: string): boolean {
  const text = String(say).replace(/\{\w+\}/g, ' ');
  return keyWords[key]?.test(text) === true || new RegExp(`(^|[^0-9])[${key}]([^0-9]|$)`).test(text);
}

/** Checks that a rule that waits for a key, or calls in steps, has everything that this needs. */
function checkReach(file: RawFile, rule: Group, at: Path): void {
  const { root, report, notice } = file;
  checkUntil(file, rule, at);
  const steps = list(rule.then).map(group);
  for (const [index, step] of steps.entries()) {
    if (step.say !== undefined && step.recording !== undefined)
      report([...at, 'then', index, 'recording'], 'say and recording', 'only one of them');
  }
  if (rule.repeat !== undefined && rule.repeat !== 0 && steps.length === 0)
    report(
      [...at, 'repeat'],
      'repeat without then',
      'steps beside it: the pause before a repeat is that of its last step',
    );
  const key = group(root.reach).confirmKey;
  const until = rule.until ?? group(root.reach).until;
  if (until !== 'confirmed' || key === undefined) return;
  const says = [rule.say, ...steps.map((step) => step.say)].filter((say) => say !== undefined);
  if (says.every((say) => mentionsKey(say, String(key)))) return;
  notice(
    `Rule ${JSON.stringify(rule.name)} waits for the key ${String(key)}, but its spoken text does not mention it: nobody will know what to press.`,
  );
}

function checkUntil({ root, report }: RawFile, of: Group, at: Path): void {
  if (of.until === 'confirmed' && group(root.reach).confirmKey === undefined)
    report(
      [...at, 'until'],
      'confirmed without reach.confirmKey',
      'a key that confirms: reach: { confirmKey: "1" }',
    );
}

/** An entry that may be the name of a list or roster. */
function checkCall(file: RawFile, path: Path, entry: unknown): void {
  const { root, report } = file;
  const known = [...Object.keys(group(root.lists)), ...Object.keys(group(root.rosters))];
  if (typeof entry === 'string' && known.includes(entry)) return;
  if (typeof entry === 'string' && isOnlyName(entry)) {
    report(
      path,
      JSON.stringify(entry.slice(0, 60)),
      'a name from lists or rosters, a number, a Slack user (U…) or a user group (S…)',
      didYouMean(entry, known),
    );
    return;
  }
  checkEntry(file, path, entry);
}

/** A number, or an id of Slack. */
function checkEntry({ country, report, notice }: RawFile, path: Path, entry: unknown): void {
  if (typeof entry !== 'string' && typeof entry !== 'number') return;
  const text = normalizeTyped(String(entry)).trim();
  if (text === '' || isMemberId(text)) return;
  const read = readNumberAndName(text, { country });
  if ('why' in read) {
    // The reasons may contain a full number, and this text goes to a log.
    const why = maskNumbers(read.why, maskNumber);
    report(path, `an entry that ${why}`, 'a number, a Slack user (U…) or a user group (S…)');
  } else if (read.doubt !== null) {
    notice(`${path.join('.')}: ${maskNumber(read.callee)} ${read.doubt}; it will be called as it is.`);
  }
}

/** Rosters share names with lists: their names must differ, and a fallback must not be a roster. */
function checkRosters(file: RawFile): void {
  const { root, report } = file;
  checkNames(file, 'rosters');
  const lists = Object.keys(group(root.lists));
  const taken = new Set(lists.map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(group(root.rosters))) {
    const at = ['rosters', name];
    if (taken.has(name.toLowerCase()))
      report(at, `${JSON.stringify(name)}, which is a list too`, 'a name that no list has');
    const roster = group(value);
    for (const [key, entry] of Object.entries(group(roster.people))) {
      if (isGroupId(String(entry)))
        report([...at, 'people', key], 'a user group', 'a number or a Slack user (U…)');
      else checkEntry(file, [...at, 'people', key], entry);
    }
    for (const [position, entry] of oneOrMore(roster.fallback).entries()) {
      const path = Array.isArray(roster.fallback) ? [...at, 'fallback', position] : [...at, 'fallback'];
      if (typeof entry === 'string' && Object.hasOwn(group(root.rosters), entry))
        report(path, `the roster ${JSON.stringify(entry)}`, 'a list, a number, a Slack user or a user group');
      else checkCall(file, path, entry);
    }
  }
}

function checkNames({ root, report }: RawFile, key: string): void {
  const seen = new Set<string>();
  for (const name of Object.keys(group(root[key]))) {
    if (seen.has(name.toLowerCase()))
      report([key, name], JSON.stringify(name), 'names that differ in more than capitals');
    seen.add(name.toLowerCase());
  }
}

/** Every loopCount must be within voice.limits.loopCount. */
function checkLoopCount({ root, report }: RawFile): void {
  const voice = group(root.voice);
  const set = group(voice.limits).loopCount;
  const most = typeof set === 'number' ? set : VOICE_DEFAULTS.limits.loopCount;
  for (const [path, value] of callOptionPlaces(root, 'loopCount')) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value <= most || value > 9) continue;
    report(
      path,
      String(value),
      `${most} at most`,
      'voice.limits.loopCount raises it, up to 9, if your account allows that.',
    );
  }
}

/** If voice.displayNums limits the caller numbers, the file itself must keep to it. */
function checkDisplayNums({ root, report }: RawFile): void {
  const voice = group(root.voice);
  if (!Array.isArray(voice.displayNums)) return;
  const allowed = voice.displayNums.map(String);
  for (const [path, value] of callOptionPlaces(root, 'displayNum')) {
    if (value === undefined || allowed.includes(String(value))) continue;
    report(path, JSON.stringify(value), 'one of voice.displayNums, or the number added there');
  }
}

/** The values of a call option in `voice` and in every rule. */
function callOptionPlaces(root: Group, key: 'loopCount' | 'displayNum'): [Path, unknown][] {
  return [
    [['voice', key], group(root.voice)[key]],
    ...list(root.rules).map((rule, index): [Path, unknown] => [['rules', index, key], group(rule)[key]]),
  ];
}

function checkApproval({ root, report }: RawFile): void {
  if (root.approval === undefined) return;
  const approval = group(root.approval);
  if ((approval.calleesOver ?? approval.outsideCountries ?? approval.between) === undefined) {
    report(
      ['approval'],
      'nothing that says when approval is needed',
      'calleesOver, outsideCountries or between',
      'calleesOver: 0 asks for it always.',
    );
  }
  const approvers = list(approval.approvers);
  const quorum = approval.quorum;
  const people = new Set(approvers).size;
  const hasGroup = approvers.some((id) => isGroupId(String(id)));
  if (typeof quorum === 'number' && people > 0 && !hasGroup && quorum > people) {
    report(['approval', 'quorum'], String(quorum), `${people} at most: there are no more approvers`);
  }
}

export function didYouMean(word: string, known: string[]): string | undefined {
  const near = nearest(word, known);
  return near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
}

function group(value: unknown): Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function oneOrMore(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
