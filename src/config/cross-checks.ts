import { nearest } from '../callees/did-you-mean.ts';
import { readNumberAndName } from '../callees/named-number.ts';
import { plainText } from '../callees/number.ts';
import { maskNumber } from '../callees/numbering-plan.ts';
import { maskNumbers } from '../mask-numbers.ts';
import { isGroupId, isMemberId } from '../slack-ids.ts';
import { onlyTimeZone, VOICE_DEFAULTS } from './defaults.ts';
import { sourceTokenName } from './env.ts';
import { country, isOnlyName } from './values.ts';

/** Reports a fault: where in the file it is, what was found there (quoted as it is), and what was expected. */
export type ReportAt = (path: (string | number)[], found: string, expected: string, hint?: string) => void;

type Group = Record<string, unknown>;

const FILE_ID = /^[\w.-]{5,}\.(mp3|wav|m4a)$/i;

/**
 * Checks values against each other: names of lists and recordings, numbers, the bounds in `voice.limits`, options
 * that exclude each other. Reads the unparsed file, so that these faults are reported together with those of single
 * values. Skips values of the wrong shape, which are reported already.
 */
export function checkReferences(file: unknown, report: ReportAt, notice: (text: string) => void): void {
  const root = group(file);
  const home = country.safeParse(root.country);
  const numberOptions = { country: home.success ? home.data : undefined };
  checkNames(root, 'lists', report);
  checkNames(root, 'recordings', report);
  for (const [name, entries] of Object.entries(group(root.lists))) {
    for (const [index, entry] of list(entries).entries()) {
      checkEntry(['lists', name, index], entry, numberOptions, report, notice);
    }
  }
  checkRosters(root, numberOptions, report, notice);
  checkLoopCount(root, report);
  checkDisplayNums(root, report);
  checkUntil(group(root.reach), root, ['reach'], report);
  checkApproval(group(root.approval), root.approval !== undefined, report);
  checkSourceTokens(root, report);
  checkRules(root, numberOptions, report, notice);
}

/** Each source has a token of its own, so no two names may give the same variable. */
function checkSourceTokens(root: Group, report: ReportAt): void {
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

function checkRules(
  root: Group,
  numberOptions: NumberSettings,
  report: ReportAt,
  notice: (text: string) => void,
): void {
  const names = new Set<unknown>();
  for (const [index, value] of list(root.rules).entries()) {
    const rule = group(value);
    const at = ['rules', index];
    const name = rule.name;
    if (name !== undefined && names.has(name))
      report([...at, 'name'], `${JSON.stringify(name)} again`, 'another name for each rule');
    names.add(name);
    checkMessage(rule, root, at, report);
    checkReach(rule, root, at, report, notice);
    checkSources(rule, root, at, report, notice);
    const calls: [(string | number)[], unknown][] = [
      [at, rule.call],
      ...list(rule.then).map((step, position): [(string | number)[], unknown] => [
        [...at, 'then', position],
        group(step).call,
      ]),
    ];
    for (const [where, call] of calls) {
      for (const [position, entry] of oneOrMore(call).entries()) {
        const path = Array.isArray(call) ? [...where, 'call', position] : [...where, 'call'];
        checkCall(path, entry, root, numberOptions, report, notice);
      }
    }
    if (rule.approval === 'policy' && root.approval === undefined) {
      report([...at, 'approval'], 'policy', 'never, or a key "approval" at the top that says who approves');
    }
    if (
      (rule.between ?? rule.days) !== undefined &&
      rule.timeZone === undefined &&
      onlyTimeZone(numberOptions.country) === undefined
    ) {
      report(
        at,
        `${rule.between === undefined ? 'days' : 'between'} without timeZone`,
        'a timeZone beside it, like Asia/Kolkata',
      );
    }
    if (rule.channels !== undefined && group(rule.match).from === undefined) {
      notice(
        `Rule ${JSON.stringify(name)} has no match.from: anybody in the workspace can build a workflow that posts as a bot, and would trigger it. Name the bot_id or app_id of the alerting tool.`,
      );
    }
  }
}

/** A rule listens to channels, sources or both. To be shown in Slack it needs a channel. */
function checkSources(
  rule: Group,
  root: Group,
  at: (string | number)[],
  report: ReportAt,
  notice: (text: string) => void,
): void {
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

function checkMessage(rule: Group, root: Group, at: (string | number)[], report: ReportAt): void {
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
function checkReach(
  rule: Group,
  root: Group,
  at: (string | number)[],
  report: ReportAt,
  notice: (text: string) => void,
): void {
  checkUntil(rule, root, at, report);
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

function checkUntil(of: Group, root: Group, at: (string | number)[], report: ReportAt): void {
  if (of.until === 'confirmed' && group(root.reach).confirmKey === undefined)
    report(
      [...at, 'until'],
      'confirmed without reach.confirmKey',
      'a key that confirms: reach: { confirmKey: "1" }',
    );
}

type NumberSettings = { country: Parameters<typeof onlyTimeZone>[0] };

function checkCall(
  path: (string | number)[],
  entry: unknown,
  root: Group,
  numberOptions: NumberSettings,
  report: ReportAt,
  notice: (text: string) => void,
): void {
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
  checkEntry(path, entry, numberOptions, report, notice);
}

function checkEntry(
  path: (string | number)[],
  entry: unknown,
  numberOptions: NumberSettings,
  report: ReportAt,
  notice: (text: string) => void,
): void {
  if (typeof entry !== 'string' && typeof entry !== 'number') return;
  const text = plainText(String(entry)).trim();
  if (text === '' || isMemberId(text)) return;
  const read = readNumberAndName(text, numberOptions);
  if ('why' in read) {
    // The reasons may contain a full number, and this text goes to a log.
    const why = maskNumbers(read.why, maskNumber);
    report(path, `an entry that ${why}`, 'a number, a Slack user (U…) or a user group (S…)');
  } else if (read.doubt !== null) {
    notice(`${path.join('.')}: ${maskNumber(read.callee)} ${read.doubt}; it will be called as it is.`);
  }
}

/** Rosters share names with lists: their names must differ, and a fallback must not be a roster. */
function checkRosters(
  root: Group,
  numberOptions: NumberSettings,
  report: ReportAt,
  notice: (text: string) => void,
): void {
  checkNames(root, 'rosters', report);
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
      else checkEntry([...at, 'people', key], entry, numberOptions, report, notice);
    }
    for (const [position, entry] of oneOrMore(roster.fallback).entries()) {
      const path = Array.isArray(roster.fallback) ? [...at, 'fallback', position] : [...at, 'fallback'];
      if (typeof entry === 'string' && Object.hasOwn(group(root.rosters), entry))
        report(path, `the roster ${JSON.stringify(entry)}`, 'a list, a number, a Slack user or a user group');
      else checkCall(path, entry, root, numberOptions, report, notice);
    }
  }
}

function checkNames(root: Group, key: string, report: ReportAt): void {
  const seen = new Set<string>();
  for (const name of Object.keys(group(root[key]))) {
    if (seen.has(name.toLowerCase()))
      report([key, name], JSON.stringify(name), 'names that differ in more than capitals');
    seen.add(name.toLowerCase());
  }
}

/** Every loopCount must be within voice.limits.loopCount. */
function checkLoopCount(root: Group, report: ReportAt): void {
  const voice = group(root.voice);
  const set = group(voice.limits).loopCount;
  const most = typeof set === 'number' ? set : VOICE_DEFAULTS.limits.loopCount;
  const places: [(string | number)[], unknown][] = [
    [['voice', 'loopCount'], voice.loopCount],
    ...list(root.rules).map((rule, index): [(string | number)[], unknown] => [
      ['rules', index, 'loopCount'],
      group(rule).loopCount,
    ]),
  ];
  for (const [path, value] of places) {
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
function checkDisplayNums(root: Group, report: ReportAt): void {
  const voice = group(root.voice);
  if (!Array.isArray(voice.displayNums)) return;
  const allowed = voice.displayNums.map(String);
  const places: [(string | number)[], unknown][] = [
    [['voice', 'displayNum'], voice.displayNum],
    ...list(root.rules).map((rule, index): [(string | number)[], unknown] => [
      ['rules', index, 'displayNum'],
      group(rule).displayNum,
    ]),
  ];
  for (const [path, value] of places) {
    if (value === undefined || allowed.includes(String(value))) continue;
    report(path, JSON.stringify(value), 'one of voice.displayNums, or the number added there');
  }
}

function checkApproval(approval: Group, isSet: boolean, report: ReportAt): void {
  if (!isSet) return;
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
