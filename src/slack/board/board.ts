import type { KnownBlock } from '@slack/types';
import { finishedRequestStates } from '../../calls/request/states.ts';
import { isLimitCause, type RequestView } from '../../calls/request/types.ts';
import { describeCode } from '../../voice/codes.ts';
import { actions, context, header, mrkdwn, type RenderedPost, section, topText } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import {
  capital,
  count,
  date,
  foreign,
  listWords,
  mention,
  mentionAny,
  people,
  plural,
  utc,
} from '../kit/text.ts';
import { decisionLines, toldByDecision, waitsFor } from '../words/approval-words.ts';
import { heldWords } from '../words/call-words.ts';
import { waitingForHours } from '../words/hours-words.ts';
import { planWords, reachLines } from '../words/reach-words.ts';
import {
  countriesWords,
  createWho,
  crowdWords,
  type MessageFacts,
  named,
  optionWords,
  playedWords,
  refusalWords,
  submissionName,
} from '../words/request-words.ts';
import { countWords, progress, requestWords, stateWords } from '../words/state-words.ts';
import { boardButtons, settleBlocks } from './buttons.ts';

/** The one message that shows a request's live state; `facts.now` in ms. Pure: the same view gives the same board. */
export function renderBoard(request: RequestView, facts: MessageFacts): RenderedPost {
  const who = createWho(facts.nameOf);
  const asked = askedLines(request, who);
  const done = whoDid(request, who);
  const blocks: KnownBlock[] = [
    header(title(request)),
    section(asked.join('\n')),
    ...sections(done),
    ...sections(stateLines(request)),
    ...sections(reachLines(request.reach, request.counts.reached)),
    ...approvalBlocks(request, facts),
    ...trouble(request),
    ...settleBlocks(request),
    ...actions(boardButtons(request), 'board_actions'),
    context(`Request \`${foreign(request.id, 60)}\` · asked ${date(request.createdAt)}`),
  ];
  return {
    text: boardText(request, facts),
    blocks: blocks.slice(0, slackLimits.messageBlocks),
    metadata: metadata(request),
  };
}

function sections(lines: string[]): KnownBlock[] {
  return lines.length === 0 ? [] : [section(lines.join('\n'))];
}

function title(request: RequestView): string {
  const words = titleWords(request);
  if (request.origin === 'alert') return `Alert: ${words}`;
  return capital(words);
}

function titleWords({ state, origin, counts }: RequestView): string {
  const { callees, accepted, unknown } = counts;
  const again = origin === 'redial' ? ' again' : '';
  // Nobody is rung yet, or ever.
  if (['awaiting_approval', 'scheduled', 'rejected', 'expired'].includes(state)) {
    return `asked to ring ${people(callees)}${again}`;
  }
  if (finishedRequestStates.includes(state)) {
    if (accepted === 0) return 'nobody was rung';
    return `rang ${accepted < callees ? `${count(accepted)} of ` : ''}${people(callees)}${again}`;
  }
  if (state === 'sent' && accepted === 0) return `may have rung ${people(unknown)}${again}`;
  return `ringing ${people(callees)}${again}`;
}

function askedLines(request: RequestView, who: (id: string) => string): string[] {
  const crowd = crowdWords(request.counts.callees, request.countries);
  const asker = request.requestedBy === null ? null : who(request.requestedBy);
  const rule = foreign(request.ruleName ?? 'of the configuration', 120);
  const lines = [
    request.origin === 'alert'
      ? `Rule *${rule}* rings *${crowd}*.`
      : `${asker ?? 'Somebody'} asked to ring *${crowd}*${request.origin === 'redial' ? ' again' : ''}.`,
  ];
  if (request.alertTitle !== null) lines.push(`*Alert:* ${foreign(request.alertTitle, 300)}`);
  const label = request.message.kind === 'text' ? 'Says' : 'Plays';
  lines.push(`*${label}:* ${playedWords(request.message, request.options, 600)}`);
  if (request.whenAt !== null) lines.push(`*When:* ${date(request.whenAt)}${approvedLate(request)}`);
  const plan = request.reach === null ? null : planWords(request.reach);
  if (plan !== null) lines.push(`*Calls:* ${plan}`);
  const options = optionWords(request.options);
  if (options.length > 0) lines.push(`*Options:* ${options.join(', ')}`);
  if (request.note !== '') lines.push(`*Note:* ${foreign(request.note, 600)}`);
  if (request.countries.length > 1) lines.push(`*To:* ${countriesWords(request.countries)}`);
  if (request.duplicates > 0) lines.push(`${plural(request.duplicates, 'duplicate')} left out.`);
  return lines;
}

/** An approval that came after the time: the calls did not wait for another. */
function approvedLate({ state, whenAt, decisions }: RequestView): string {
  const approvedAt = decisions.findLast((each) => each.decision === 'approve')?.at ?? 0;
  if (whenAt === null || approvedAt < whenAt || ['awaiting_approval', 'rejected'].includes(state)) return '';
  return '; approved after that, so they were called at once';
}

function whoDid(request: RequestView, who: (id: string) => string): string[] {
  const lines = decisionLines(request, who);
  // Who took it by a key or a button is told below: that nobody was left to stop needs no line of its own.
  const onlyTaken = request.cancelledBy === request.ackedBy && request.counts.cancelled === 0;
  if (request.cancelledBy !== null && !onlyTaken) {
    const left = request.counts.cancelled;
    const dialled = request.counts.accepted + request.counts.unknown;
    lines.push(
      `🛑 Stopped by ${who(request.cancelledBy)}: ${people(left)} ${left === 1 ? 'was' : 'were'} not rung.${
        dialled > 0 ? ' What was dialled cannot be called back.' : ''
      }`,
    );
  }
  if (request.ackedBy !== null) lines.push(`🙋 ${who(request.ackedBy)} has got it.`);
  return lines;
}

function stateLines(request: RequestView): string[] {
  const { emoji, words } = stateWords(request);
  const bar = progress(request.state, request.counts);
  const finished = request.finishedAt === null ? '' : ` ${date(request.finishedAt)}`;
  const lines = toldByDecision(request) ? [] : [`${emoji} *${words}*${finished}`];
  if (bar !== null) lines.push(bar);
  const counts = countWords(request.counts, true);
  if (counts.length > 0) lines.push(counts.join(' · '));
  if (request.outcome !== null && request.state !== 'rejected') lines.push(foreign(request.outcome, 600));
  return lines;
}

function approvalBlocks(request: RequestView, facts: MessageFacts): KnownBlock[] {
  if (request.state !== 'awaiting_approval' || request.approval === null) return [];
  const approvers = request.approval.approvers.map((id) => named(id, facts.nameOf, mentionAny));
  const reasons = request.approval.reasons.map((reason) => foreign(reason, 200));
  const lines = [`*Waiting for:* ${listWords(approvers, 10)}${waitsFor(request, facts)}`];
  if (reasons.length > 0) lines.push(`*Because:* ${listWords(reasons, 5)}`);
  return [section(lines.join('\n'))];
}

/** What could not be sent yet or at all, in words with what to do. */
function trouble(request: RequestView): KnownBlock[] {
  const total = request.submissions.length;
  const waiting = request.submissions.filter((each) => each.nextTryAt !== null && each.state === 'ready');
  const again = request.submissions.filter((each) => each.again);
  const lines: string[] = [];
  const first = waiting.toSorted((a, b) => (a.nextTryAt ?? 0) - (b.nextTryAt ?? 0))[0];
  if (first !== undefined) {
    const why = first.code === null ? '' : ` ${describeCode(first.code).meaning}`;
    lines.push(
      `⏳ *Not sent yet:* the voice platform cannot be reached.${why} Nobody of ${people(
        waiting.reduce((sum, each) => sum + each.callees, 0),
      )} has been rung; next try at ${date(first.nextTryAt ?? 0)}.`,
    );
  }
  const outside = waitingForHours(request);
  if (outside !== null) lines.push(`🌙 *Hours:* ${outside}.`);
  const held = request.submissions.filter((each) => each.heldUntil !== null);
  for (const [code, group] of Map.groupBy(held, (each) => each.code)) {
    if (!isLimitCause(code)) continue;
    const crowd = people(group.reduce((sum, each) => sum + each.callees, 0));
    const nextAt = Math.min(...group.map((each) => each.heldUntil ?? Number.POSITIVE_INFINITY));
    lines.push(
      `✋ *${crowd}* ${heldWords(code, nextAt)}. They are called then, unless the alert is over or somebody has got it.`,
    );
  }
  for (const [code, group] of Map.groupBy(
    request.submissions.filter((each) => each.state === 'refused' || each.state === 'failed'),
    (each) => `${each.state} ${each.code ?? ''}`,
  )) {
    const sample = group[0];
    if (sample === undefined || lines.length > 6) break;
    const crowd = people(group.reduce((sum, each) => sum + each.callees, 0));
    const what = code.startsWith('refused') ? '⛔ *Refused*' : '❌ *Failed, never sent*';
    lines.push(`${what} for ${crowd}: ${refusalWords(sample.code)}`);
  }
  if (again.length > 0) {
    const which = again.map((each) => submissionName(each, total));
    lines.push(`🔁 *Sent again* because an earlier one stayed unknown: ${listWords(which, 3)}.`);
  }
  return lines.length === 0 ? [] : [{ type: 'section', text: mrkdwn(lines.join('\n')) }];
}

/** A notification shows this alone: who asked for what, and how far it is. */
function boardText(request: RequestView, { nameOf }: MessageFacts): string {
  const { counts, state, outcome, requestedBy } = request;
  const crowd = crowdWords(counts.callees, request.countries);
  const rule = `Rule ${foreign(request.ruleName ?? 'of the configuration', 120)}`;
  const who = requestedBy === null ? rule : named(requestedBy, nameOf, mention);
  const again = request.origin === 'redial' ? ' again' : '';
  const alert = request.alertTitle === null ? null : `Alert: ${foreign(request.alertTitle, 200)}.`;
  const until =
    state === 'awaiting_approval' && request.expiresAt !== null ? ` until ${utc(request.expiresAt)}` : '';
  const at = state === 'scheduled' && request.whenAt !== null ? ` for ${utc(request.whenAt)}` : '';
  const reason = state === 'rejected' && outcome !== null ? `: “${foreign(outcome, 300)}”` : '';
  return topText(
    `${who} asked to ring ${crowd}${again}: ${playedWords(request.message, request.options, 200)}.`,
    alert,
    `${requestWords[state].words}${until}${at}${reason}.`,
    state === 'rejected' || outcome === null ? null : foreign(outcome, 300),
    counts.callees === 0 ? null : `${listWords(countWords(counts, false))}.`,
  );
}

function metadata(request: RequestView): RenderedPost['metadata'] {
  const { waiting: _waiting, ...counts } = request.counts;
  return {
    event_type: 'voicecall_request',
    event_payload: {
      request_id: request.id,
      state: request.state,
      ...counts,
      attempt: request.reach?.attempt ?? 1,
      step: request.reach?.step ?? 1,
    },
  };
}
