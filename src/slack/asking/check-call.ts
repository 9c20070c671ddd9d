import { forbiddenDisplayNum } from '../../callees/forbidden.ts';
import { noteLength } from '../../calls/request/token.ts';
import type { Audio, Plan } from '../../calls/request/types.ts';
import type { CallOptions, Config } from '../../config/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import type { Recordings } from '../context/recordings.ts';
import {
  channelField,
  choicesField,
  filesField,
  textField,
  timeField,
  type ViewValues,
} from '../kit/fields.ts';
import { checkChannel } from './check-channel.ts';
import { collectCallees, onlyListed, recheck, several } from './collect-callees.ts';
import type { Draft } from './drafts.ts';
import { readReach } from './reach-inputs.ts';
import { calleesOfPrevious } from './redial.ts';
import type { CallMetadata } from './view-metadata.ts';

export type CheckedCall =
  | { errors: Record<string, string> }
  | { errors: null; draft: Draft; doubts: string[]; notOnPhone: string[]; own: ReadonlySet<string> };

/**
 * Checks all fields of a submitted modal. Returns errors by block_id, or a draft of the request with the doubts to
 * show before anybody is called, and the numbers that the person typed or uploaded.
 */
export async function checkCall(
  deps: SlackDeps,
  values: ViewValues,
  metadata: CallMetadata,
  userId: string,
): Promise<CheckedCall> {
  const config = deps.config();
  const sources = sourcesIn(values);
  const channelId = channelField(values, 'channel') ?? metadata.channelId;
  const [collected, channelError] = await Promise.all([
    collectCallees(deps, sources),
    channelId === null ? 'Choose the channel for the results.' : checkChannel(deps, channelId),
  ]);
  const errors = Object.fromEntries(
    Object.entries(collected.faults).map(([field, sentences]) => [field, several(sentences)]),
  );
  const repeated = nothingGiven(sources) && metadata.refill ? metadata.previousId : null;
  const asked = repeated === null ? collected : await repeatedCallees(deps, { repeated, userId, errors });
  const { callees, duplicates, doubts } = asked;
  checkCrowd(callees.length, collected, { sources, most: config.limits.calleesPerRequest, errors });
  const audio = audioFrom(values, config, deps.recordings, errors);
  const options = readOptions(values, config, errors);
  const plan = readReach(values, config, errors);
  const whenAt = readWhen(values, deps.clock.wallOf(deps.clock.now()), errors);
  const note = readNote(values, errors);
  if (channelError !== null) errors.channel = channelError;
  if (!noErrors(errors) || audio === null || channelId === null) return { errors };
  const lists = await onlyListed(deps, sources, collected, whenAt === null ? 'rosters' : 'all');
  // If lists are looked up again at a later time, the number of people is not known yet.
  const isKnown = lists === null || whenAt === null;
  const tooMany = isKnown ? enoughErrorOf(plan, callees.length) : null;
  if (tooMany !== null) return { errors: { enough: tooMany } };
  return {
    errors: null,
    doubts,
    own: collected.own,
    notOnPhone: [...collected.notOnPhone, ...collected.leftOut],
    draft: {
      audio,
      options,
      plan,
      whenAt,
      lists,
      rosters: collected.rosters,
      namedLists: asked.lists.filter((name) => Object.hasOwn(config.lists, name)),
      note,
      callees,
      duplicates,
      channelId,
      askedIn: metadata.channelId,
      threadTs: metadata.threadTs,
      previousId: metadata.previousId,
      again: repeated !== null,
    },
  };
}

/** Where the callees of a form come from. */
interface Sources {
  text: string;
  lists: string[];
  people: string[];
  fileUrl: string | null;
}

function sourcesIn(values: ViewValues): Sources {
  return {
    text: textField(values, 'callee'),
    lists: choicesField(values, 'lists'),
    people: choicesField(values, 'people'),
    fileUrl: fileUrl(values),
  };
}

function nothingGiven({ text, lists, people, fileUrl }: Sources): boolean {
  return text.trim() === '' && lists.length + people.length === 0 && fileUrl === null;
}

/** The callees of the request that is repeated, checked by today's configuration, and the lists that it named. */
async function repeatedCallees(
  deps: SlackDeps,
  of: { repeated: string; userId: string; errors: Record<string, string> },
) {
  const { callees, lists } = await calleesOfPrevious(deps, of.repeated, of.userId);
  const { faults, doubts } = await recheck(callees, deps.config());
  // If only some numbers are forbidden now, their calls will be held. If all are, the form shows an error.
  if (callees.length > 0 && faults.length === callees.length) of.errors.callee = several(faults);
  return { callees, duplicates: 0, doubts, lists };
}

/** Adds the error if there are no callees or too many, to the field that it is about. */
function checkCrowd(
  callees: number,
  { stopped, leftOut }: { stopped: boolean; leftOut: string[] },
  { sources, most, errors }: { sources: Sources; most: number; errors: Record<string, string> },
): void {
  const crowdError = crowdErrorOf(callees, { stopped, most, first: noErrors(errors) });
  if (crowdError === null) return;
  const inFile = callees > 0 && sources.fileUrl !== null;
  errors[inFile ? 'file' : 'callee'] = callees === 0 && leftOut.length > 0 ? several(leftOut) : crowdError;
}

/** `stopped`: there are more callees, which were not read. `first`: no other error was found. */
function crowdErrorOf(
  callees: number,
  { stopped, most, first }: { stopped: boolean; most: number; first: boolean },
): string | null {
  if (callees === 0 && first)
    return 'Choose somebody to call: type a number with its country code, or choose a list.';
  if (callees > most) {
    const these = stopped ? `more than ${most}` : String(callees);
    return `Split them: these are ${these} people, and one request may call ${most} (limits.calleesPerRequest).`;
  }
  if (stopped && first)
    return 'Reading stopped: the same numbers are repeated too often. Leave the repeats out.';
  return null;
}

/** The error if more people are to be reached than are called, else null. */
function enoughErrorOf(plan: Plan | null, callees: number): string | null {
  if (plan === null || plan.enough === null || plan.enough <= callees) return null;
  const these = callees === 1 ? 'This is 1 person' : `These are ${callees} people`;
  return `${these}, so ${plan.enough} cannot be reached. Type a smaller number, or leave it empty to call everybody.`;
}

function noErrors(errors: Record<string, string>): boolean {
  return Object.keys(errors).length === 0;
}

function fileUrl(values: ViewValues): string | null {
  const [file] = filesField(values, 'file');
  return file?.url_private_download ?? file?.url_private ?? null;
}

function audioFrom(
  values: ViewValues,
  config: Config,
  recordings: Recordings,
  errors: Record<string, string>,
): Audio | null {
  const typed = textField(values, 'fileId').trim();
  const fileId = recordings.fileIdOf(typed) ?? typed;
  const typedText = textField(values, 'text').trim();
  // Invisible characters alone would be spoken as nothing.
  const text = /[^\s\p{C}]/u.test(typedText) ? typedText : '';
  if (fileId !== '' && text !== '') {
    errors.text = 'Choose a recording or type a text, not both: people hear one of them.';
    return null;
  }
  if (text !== '') {
    const { textLength } = config.voice.limits;
    if ([...text].length > textLength) {
      errors.text = `The text has ${[...text].length} characters; the voice platform speaks at most ${textLength}.`;
      return null;
    }
    return { kind: 'text', text, language: textField(values, 'language') || config.voice.language };
  }
  if (fileId === '') {
    errors.fileId = 'Choose a recording, or type a text to be spoken.';
    return null;
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(fileId)) {
    errors.fileId = 'This is not a fileId: it has spaces or other characters that no fileId has.';
    return null;
  }
  return { kind: 'recording', fileId, name: recordings.nameOf(fileId) };
}

function readNote(values: ViewValues, errors: Record<string, string>): string {
  const note = textField(values, 'calledInfo').trim();
  const { length } = [...note];
  if (length > noteLength)
    errors.calledInfo = `The note has ${length} characters; at most ${noteLength} fit.`;
  return note;
}

const dayMs = 24 * 3_600_000;
const mostDaysAhead = 30;

/** The time of the calls (ms); null: at once. `wallAt` is the wall clock's time. */
function readWhen(values: ViewValues, wallAt: number, errors: Record<string, string>): number | null {
  const whenAt = timeField(values, 'when');
  if (whenAt === null) return null;
  if (whenAt <= wallAt) errors.when = 'This time has passed. Choose a later one, or none to call at once.';
  else if (whenAt > wallAt + mostDaysAhead * dayMs)
    errors.when = `This is more than ${mostDaysAhead} days ahead. Choose an earlier time.`;
  return whenAt;
}

/** The limits of the voice platform's documentation. If its pages differ, the narrower limit. */
const bounds = {
  maxDuration: { from: 1, to: 120, what: 'seconds' },
  maxRingingTime: { from: 20, to: 120, what: 'seconds' },
  loopCount: { from: 1, to: 0, what: 'times' },
} as const;

function readOptions(values: ViewValues, config: Config, errors: Record<string, string>): CallOptions {
  const { voice } = config;
  const options: CallOptions = {};
  for (const name of ['maxDuration', 'maxRingingTime', 'loopCount'] as const) {
    const { from, what } = bounds[name];
    const to = name === 'loopCount' ? voice.limits.loopCount : bounds[name].to;
    const typed = textField(values, name).trim();
    const value = typed === '' ? voice[name] : Number(typed);
    if (value === undefined) continue;
    if (!/^\d*$/.test(typed) || value < from || value > to) {
      errors[name] = `Type a whole number from ${from} to ${to} (${what}).`;
    } else options[name] = value;
  }
  const displayNum =
    textField(values, 'displayNum')
      .trim()
      .replace(/[\s()+-]/g, '') || voice.displayNum;
  if (displayNum !== undefined && displayNum !== '') {
    const forbidden = forbiddenDisplayNum({ displayNum }, config);
    if (!/^\d{7,15}$/.test(displayNum)) errors.displayNum = 'A caller number has 7 to 15 digits.';
    else if (forbidden !== null) errors.displayNum = `${forbidden.why} (voice.displayNums).`;
    else options.displayNum = displayNum;
  }
  return options;
}
