import type { KnownBlock } from '@slack/types';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import {
  actions,
  button,
  confirmation,
  context,
  header,
  type RenderedMessage,
  section,
  topText,
} from '../kit/blocks.ts';
import {
  channelMention,
  date,
  escapeText,
  foreign,
  listWords,
  mentionAny,
  people,
  plural,
  utc,
} from '../kit/text.ts';
import { approverWords, deciders, decisionLines, waitsFor } from '../words/approval-words.ts';
import { calleeLabel, latestCalls } from '../words/call-words.ts';
import { headline } from '../words/headline.ts';
import { nightWords } from '../words/night-words.ts';
import { listLines, namedPeople } from '../words/people-lines.ts';
import { furtherStepsWords, planWords } from '../words/reach-words.ts';
import {
  countriesWords,
  createWho,
  crowdWords,
  type MessageFacts,
  named,
  optionWords,
  playedWords,
} from '../words/request-words.ts';
import { isCutOnMessages, shownOnMessages } from '../words/whole-request.ts';

export interface ApprovalFacts extends MessageFacts {
  /** When people are called, by the wall clock (ms). Absent: the card does not say whether it is night for them. */
  callsAt?: number;
  /** Words about people who wait for the hours; null or absent if nobody does. */
  hours?: string | null;
  /** The calls of a request with few people, so that the card can name them. */
  calls?: readonly CallView[];
  /**
   * The account's balance as the platform shows it; null or absent if not known, because a card never waits for it.
   */
  balance?: string | null;
  /** Set if the card belongs in another channel, in which Slack does not let us post. */
  movedFrom?: { channelId: string; error: string };
  /** User groups whose members could not be read. Nobody counts as a member of them. */
  unreadableGroups?: string[];
  /**
   * A part of the request's hash. The buttons' block_id carries it, so that a press says which version the approver
   * saw.
   */
  seen?: string;
}

/** The approvers' card: what approving will do, three buttons while it waits, and then who decided. */
export function renderApprovalCard(request: RequestView, facts: ApprovalFacts): RenderedMessage {
  const open = request.state === 'awaiting_approval';
  const approvers = request.approval?.approvers ?? [];
  // While the request waits, `waiting` below mentions the approvers. The person who asked is mentioned here, even if
  // they are an approver.
  const mentioned = open ? approvers.filter((id) => id !== request.requestedBy) : [];
  const who = createWho(facts.nameOf, mentioned);
  const crowd = crowdWords(request.counts.callees, request.countries);
  const blocks: KnownBlock[] = [
    header(
      open ? `Approve ${plural(request.counts.callees, 'call')}?` : decidedHeadline(request, facts.nameOf),
    ),
    section(askedWords(request, who, facts.calls)),
    section(consequences(request, facts).join('\n')),
    ...(open && isCutOnMessages(request)
      ? [context('✂️ Not all of it fits here: press *Review* to read the whole text and note.')]
      : []),
    ...(open ? waiting(request, facts) : decided(request, (id) => named(id, facts.nameOf, who))),
    ...(open
      ? actions(
          [...approvalButtons(request), button('Review', 'call_review', request.id)],
          approvalBlockId(facts.seen),
        )
      : []),
    ...notices(facts).map((notice) => context(`⚠️ ${notice}`)),
    context(`Request \`${foreign(request.id, 60)}\` · asked ${date(request.createdAt)}`),
  ];
  return { text: cardText(request, crowd, facts.nameOf), blocks };
}

/** The block_id of the card's buttons. `seenIn` reads it. */
export function approvalBlockId(seen: string | undefined): string {
  return seen === undefined ? 'call_decision' : `call_decision:${seen.slice(0, 200)}`;
}

/** Reads `facts.seen` from a block_id; null if it has none. */
export function seenIn(blockId: string): string | null {
  return blockId.startsWith('call_decision:') ? blockId.slice('call_decision:'.length) : null;
}

/** Who asks to call how many people, and where the results go. Few people are named. */
export function askedWords(
  request: RequestView,
  who: (id: string) => string,
  calls: readonly CallView[] = [],
): string {
  const { requestedBy, ruleName, counts, countries, channelId, state } = request;
  const asker = requestedBy === null ? `Rule ${foreign(ruleName ?? '', 100)}` : who(requestedBy);
  const asks = state === 'awaiting_approval' ? 'asks' : 'asked';
  const crowd = `*${crowdWords(counts.callees, countries)}*${namesOf(calls)}`;
  return `${asker} ${asks} to call ${crowd}. Results go to ${channelMention(channelId)}.`;
}

/** What the people hear, when, and why that needs approval, in lines of mrkdwn. */
export function consequences(
  request: RequestView,
  facts: Pick<ApprovalFacts, 'defaults' | 'hours' | 'callsAt' | 'balance'>,
): string[] {
  const lines = listLines(request.namedLists, request.counts.callees);
  lines.push(`*They hear:* ${playedWords(request.audio, request.options, shownOnMessages)}`);
  const plan = request.reach === null ? null : planWords(request.reach);
  if (plan !== null) lines.push(`*Calls:* ${plan}`);
  const further = furtherStepsWords(request.reach?.ladder ?? null);
  if (further !== null) lines.push(`*If nobody is reached:* ${further}`);
  if (request.whenAt !== null) lines.push(`*When:* ${date(request.whenAt)}`);
  const options = optionWords(request.options, facts.defaults);
  if (options.length > 0) lines.push(`*Options:* ${options.join(', ')}`);
  if (request.countries.length > 1) lines.push(`*To:* ${countriesWords(request.countries)}`);
  if (facts.hours)
    lines.push(`🌙 *Hours:* ${facts.hours}. *Review* has a box to tick so that all are called at once.`);
  const night =
    facts.callsAt === undefined
      ? null
      : nightWords(request.countries, facts.callsAt, request.whenAt !== null);
  if (night !== null) lines.push(night);
  if (request.note !== '') lines.push(`*Note:* ${foreign(request.note, shownOnMessages)}`);
  if (request.duplicates > 0) lines.push(`${plural(request.duplicates, 'duplicate')} left out.`);
  const reasons = (request.approval?.reasons ?? []).map((reason) => foreign(reason, 200));
  if (reasons.length > 0)
    lines.push(
      `*${request.state === 'awaiting_approval' ? 'Needs' : 'Needed'} approval because:* ${listWords(reasons, 5)}`,
    );
  if (facts.balance !== undefined && facts.balance !== null) {
    lines.push(`*Voice platform balance:* ${foreign(facts.balance, 40)}`);
  }
  return lines;
}

/** Returns ": Dana, Emil and Farah". Empty for many people. */
function namesOf(calls: readonly CallView[]): string {
  const latest = latestCalls(calls);
  if (latest.length === 0 || latest.length > namedPeople) return '';
  return `: ${listWords(latest.map((call) => foreign(calleeLabel(call), 80)))}`;
}

/** Warnings in mrkdwn, at most 5, because a message has a limited number of blocks. */
function notices(facts: ApprovalFacts): string[] {
  const { movedFrom, unreadableGroups = [] } = facts;
  const lines: string[] = [];
  if (movedFrom !== undefined) {
    lines.unshift(
      `This card belongs in ${channelMention(movedFrom.channelId)}, but Slack does not let Voicecall post there (${foreign(movedFrom.error, 60)}). Un-archive the channel or invite the app, or change \`approval.channel\`.`,
    );
  }
  for (const group of unreadableGroups) {
    lines.unshift(
      `The members of ${named(group, facts.nameOf, mentionAny)} could not be read: until they can be, nobody counts as a member. The app needs the scope \`usergroups:read\`.`,
    );
  }
  return lines.slice(0, 5);
}

function waiting(request: RequestView, facts: ApprovalFacts): KnownBlock[] {
  const able = request.approval === null ? [] : deciders(request.approval, request.requestedBy);
  const approvers = able.slice(0, 40).map(mentionAny);
  // Approvers are mentioned here only. People who already approved are shown by name.
  const names: MessageFacts = { ...facts, nameOf: (id) => facts.nameOf?.(id) ?? 'one of them' };
  return [section(`⏳ *Waiting for* ${approverWords(request, approvers)}${waitsFor(request, names)}`)];
}

/** The decision. The board shows the calls that follow it. */
function decidedHeadline(request: RequestView, nameOf: MessageFacts['nameOf']): string {
  const over = ['rejected', 'expired', 'cancelled'].includes(request.state);
  return over ? headline(request, nameOf) : `Approved: ${plural(request.counts.callees, 'call')}`;
}

function decided(request: RequestView, who: (id: string) => string): KnownBlock[] {
  const lines = decisionLines(request, who);
  const { cancelledBy, finishedAt, state } = request;
  const at = finishedAt === null ? '' : ` ${date(finishedAt)}`;
  if (state === 'expired') lines.push(`⌛ Nobody decided in time${at}: nobody was called.`);
  if (state === 'cancelled' && cancelledBy !== null) lines.push(`🛑 Cancelled by ${who(cancelledBy)}${at}.`);
  // The card shows no counts: it would be edited at every call, and Slack limits the edits for the whole workspace.
  return lines.length === 0 ? [] : [section(lines.join('\n'))];
}

/** Approve and Reject, for the card and the review modal. */
export function approvalButtons(request: RequestView) {
  const crowd = people(request.counts.callees);
  const when = request.whenAt === null ? 'now' : `at ${utc(request.whenAt)}, or at once if that has passed`;
  return [
    button('Approve', 'call_approve', request.id, {
      style: 'primary',
      confirm: confirmation({
        title: `Approve ${plural(request.counts.callees, 'call')}?`,
        text: approvesNow(request)
          ? `Approving calls ${crowd} ${when}.`
          : `${crowd} will be called once the last approval needed is given.`,
        confirm: 'Approve',
        deny: 'Not now',
      }),
    }),
    button('Reject', 'call_reject', request.id, { style: 'danger' }),
  ];
}

/** True if one more approval is enough. */
function approvesNow({ approval, decisions }: RequestView): boolean {
  const given = decisions.filter((each) => each.decision === 'approve').length;
  return given + 1 >= (approval?.quorum ?? 1);
}

function cardText(request: RequestView, crowd: string, nameOf: MessageFacts['nameOf']): string {
  const until = request.expiresAt === null ? '' : ` until ${utc(request.expiresAt)}`;
  const played = playedWords(request.audio, request.options, 200);
  if (request.state === 'awaiting_approval')
    return topText(
      `Approve ${plural(request.counts.callees, 'call')}?${until === '' ? '' : ` Waiting${until}.`} ${crowd}: ${played}.`,
    );
  const why = request.outcome === null ? null : `${foreign(request.outcome, 300)}.`;
  return topText(`${escapeText(decidedHeadline(request, nameOf))}. ${crowd}: ${played}.`, why);
}
