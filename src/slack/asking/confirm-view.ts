import type { AlertBlock, KnownBlock, ModalView } from '@slack/types';
import type { Callee } from '../../callees/types.ts';
import type { ApprovalAsk, Audio, Plan, RequestView, RosterNote } from '../../calls/request/types.ts';
import type { CallOptions } from '../../config/types.ts';
import { context, plainText, section } from '../kit/blocks.ts';
import { modal } from '../kit/inputs.ts';
import { slackLimits } from '../kit/limits.ts';
import {
  capital,
  channelMention,
  chunkLines,
  count,
  date,
  foreign,
  listWords,
  mentionAny,
  people,
  plural,
} from '../kit/text.ts';
import { approverWords, deciders } from '../words/approval-words.ts';
import { calleeLabel } from '../words/call-words.ts';
import { lastReachedWords } from '../words/last-reached-words.ts';
import { nightWords } from '../words/night-words.ts';
import { listLines } from '../words/people-lines.ts';
import { planWords } from '../words/reach-words.ts';
import {
  countriesWords,
  crowdWords,
  type NameOf,
  named,
  optionWords,
  playedWords,
} from '../words/request-words.ts';
import { rosterLines } from '../words/roster-words.ts';
import { shownOnMessages, wholeRequestBlocks } from '../words/whole-request.ts';

export interface ConfirmFacts {
  callees: readonly Callee[];
  countries: RequestView['countries'];
  audio: Audio;
  options: CallOptions;
  /** The configuration's options, which the view leaves out. */
  defaults?: CallOptions;
  plan: Plan | null;
  note: string;
  /** When they are called (ms); null: at once. */
  whenAt: number | null;
  /** The wall clock's time (ms). */
  wallAt: number;
  channelId: string;
  duplicates: number;
  /** Names of the lists that were chosen or named. */
  namedLists?: readonly string[];
  /** Sentences about numbers that may be wrong but will be called. */
  doubts: readonly string[];
  /** Sentences about people of rosters who cannot be called; absent: nobody. */
  notOnPhone?: readonly string[];
  /** The rosters whose people are among the callees; absent: none. */
  rosters?: readonly RosterNote[];
  /** Null: no approval is needed. */
  approval: ApprovalAsk | null;
  askedBy: string;
  /** "12 now, 8 at 08:00 their time"; null if nobody waits for the hours. */
  hours: string | null;
  /** Sentences about limits that would hold calls now. */
  held: readonly string[];
  metadata: string;
  nameOf?: NameOf;
  /** Numbers that the person typed or uploaded, and may see in full. All others are masked. */
  own?: ReadonlySet<string>;
  /** When each number was last reached, in ms; absent: not looked up. */
  reached?: { at: ReadonlyMap<string, number>; now: number };
}

const doubtsShown = 10;
/** Up to this many people are all listed. */
export const smallGroup = 10;
/** How many people of a larger request are listed. */
const fewShown = 5;

/** The modal's second view. It says what will happen; only its button starts the calls, or asks for approval. */
export function confirmView(facts: ConfirmFacts): ModalView {
  const crowd = people(facts.callees.length);
  return modal({
    callbackId: 'voicecall_confirm',
    title: `Call ${crowd}?`,
    submit:
      facts.approval !== null ? 'Ask for approval' : facts.whenAt === null ? `Call ${crowd}` : 'Schedule',
    close: 'Back',
    metadata: facts.metadata,
    blocks: [
      section(summary(facts)),
      ...approvalBlocks(facts),
      ...nightBlocks(facts),
      section(
        `${facts.whenAt === null ? '' : 'You can cancel until then. '}*A call already placed cannot be stopped.*`,
      ),
      ...wholeRequestBlocks(facts),
      ...(facts.hours === null ? [] : [section(`🌙 *Hours:* ${facts.hours}.`)]),
      ...(facts.notOnPhone ?? []).slice(0, 5).map((words) => alert(words, 'warning')),
      ...facts.held.slice(0, 5).map((words) => alert(words, 'warning')),
      ...doubtBlocks(facts.doubts),
      ...detailBlocks(facts),
      ...calleeList(facts),
    ],
  });
}

/** Begins with who is called, because the title asks the question already. */
function summary(facts: ConfirmFacts): string {
  const crowd = crowdWords(facts.callees.length, facts.countries);
  const played = playedWords(facts.audio, facts.options, shownOnMessages);
  const when = facts.whenAt === null ? '' : `, ${date(facts.whenAt)}`;
  return `*${crowd}*${when}: ${played}. Results go to ${channelMention(facts.channelId)}.`;
}

/** If hours are configured, `hours` says who is called now, so this is left out. */
function nightBlocks({ countries, hours, whenAt, wallAt }: ConfirmFacts): KnownBlock[] {
  if (hours !== null) return [];
  const words = nightWords(countries, whenAt ?? wallAt, whenAt !== null);
  return words === null ? [] : [section(words)];
}

function approvalBlocks({ approval, askedBy, nameOf }: ConfirmFacts): KnownBlock[] {
  if (approval === null) return [];
  const names = deciders(approval, askedBy).map((id) => named(id, nameOf, mentionAny));
  const approvers = approverWords({ approval }, names, 20);
  const reasons = listWords(
    approval.reasons.map((reason) => foreign(reason, 200)),
    5,
  );
  const needed = approval.quorum > 1 ? `${count(approval.quorum)} of ` : '';
  return [
    section(
      `⏳ *Needs approval* by ${needed}${approvers}${reasons === '' ? '' : `, because: ${reasons}`}. Nobody is called before that.`,
    ),
  ];
}

function doubtBlocks(doubts: readonly string[]): KnownBlock[] {
  if (doubts.length === 0) return [];
  const lines = doubts.slice(0, doubtsShown).map((doubt) => `• ${foreign(doubt, 250)}`);
  const more = doubts.length - doubtsShown;
  if (more > 0) lines.push(`• and ${count(more)} more`);
  return [
    alert(
      doubts.length === 1
        ? '1 number may be wrong. It will be called as it is.'
        : `${count(doubts.length)} numbers may be wrong. They will be called as they are.`,
      'warning',
    ),
    ...chunkLines(lines, slackLimits.sectionText).map((text) => section(text)),
  ];
}

function detailBlocks(facts: ConfirmFacts): KnownBlock[] {
  const lines = [
    ...listLines(facts.namedLists, facts.callees.length),
    ...(facts.countries.length > 1 ? [`To: ${countriesWords(facts.countries)}`] : []),
    ...rosterLines(facts.rosters ?? [], facts.nameOf),
    ...[planWords({ plan: facts.plan, ladder: null })].flatMap((words) =>
      words === null ? [] : [`Calls: ${words}`],
    ),
    ...[optionWords(facts.options, facts.defaults)].flatMap((words) =>
      words.length === 0 ? [] : [capital(words.join(', '))],
    ),
    ...(facts.note === '' ? [] : [`Note: ${foreign(facts.note, shownOnMessages)}`]),
    ...(facts.duplicates > 0 ? [`${plural(facts.duplicates, 'duplicate')} left out`] : []),
  ];
  return lines.length === 0 ? [] : [context(...lines)];
}

/** A small group in full, or the first few people of a larger one. */
function calleeList({ callees, own, ...facts }: ConfirmFacts): KnownBlock[] {
  // If nobody was reached before, the same words beside everybody would say nothing.
  const reached = facts.reached?.at.size === 0 ? undefined : facts.reached;
  const shown = callees.slice(0, callees.length > smallGroup ? fewShown : smallGroup);
  const lines = shown.map((each) => {
    const masked = own?.has(each.callee) !== true;
    const number = calleeLabel({ ...each, name: null }, masked);
    const label = each.name === null ? number : calleeLabel(each);
    const last =
      reached === undefined ? null : lastReachedWords(reached.at.get(each.callee) ?? null, reached.now);
    return `• ${foreign(label, 100)}${label === number ? '' : ` ${number}`}${last === null ? '' : ` · ${last}`}`;
  });
  const more = callees.length - shown.length;
  if (more > 0) lines.push(`• and ${count(more)} more`);
  return chunkLines(lines, slackLimits.sectionText).map((text) => section(text));
}

function alert(text: string, level: 'warning' | 'info'): AlertBlock {
  return { type: 'alert', level, text: plainText(text, slackLimits.alertText) };
}
