import type { KnownBlock } from '@slack/types';
import type { CountryCode } from 'libphonenumber-js';
import { unknownCountry } from '../../callees/countries.ts';
import { isBetweenIn } from '../../callees/numbering-plan.ts';
import { tableRows } from '../../calls/request/advance.ts';
import { loadCalls, loadRequest } from '../../calls/request/read.ts';
import type { CallState, RequestView } from '../../calls/request/types.ts';
import { type ApprovalFacts, renderApprovalCard } from '../approval/card.ts';
import { renderReminder } from '../approval/reminder.ts';
import { renderBoard } from '../board/board.ts';
import { renderCsv } from '../board/csv.ts';
import { renderInstead, renderOutcome } from '../board/direct.ts';
import { renderResults } from '../board/results.ts';
import type { SlackDeps } from '../context/deps.ts';
import { context, section } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import { channelMention, foreign } from '../kit/text.ts';
import type { MessageFacts } from '../words/request-words.ts';
import type { MessageRow, Rendered } from './types.ts';

/** States of calls that the table still shows where the rest goes into a file. */
const troubleStates: CallState[] = ['refused', 'unknown', 'held', 'cancelled', 'failed'];

/** Night, for the approvers' card: when most people sleep. */
const night = { fromMinute: 22 * 60, toMinute: 7 * 60 };

/** What a message of the outbox says now; null where there is nothing (any more) to say. */
export async function renderMessage(deps: SlackDeps, message: MessageRow): Promise<Rendered | null> {
  const body = message.body === null ? null : (JSON.parse(message.body) as Record<string, unknown>);
  if (message.request_id === null) return body === null ? null : readyMade(message, body);
  const request = await loadRequest(deps.store.read, message.request_id);
  if (request === null) return null;
  const facts = { now: deps.clock.now(), nameOf: deps.people.knownName };
  if (message.kind === 'board' || message.kind === 'card') {
    // So that they are shown by name: a mention on the board as well would notify the approvers twice.
    await deps.people.learnNames([
      ...request.decisions.map((each) => each.userId),
      ...(request.state === 'awaiting_approval' ? (request.approval?.approvers ?? []) : []),
    ]);
  }
  switch (message.kind) {
    case 'board':
      return withNotes({ kind: 'message', ...renderBoard(request, facts) }, boardNotes(body));
    case 'results':
      return { kind: 'message', ...renderResults(request, await callsToShow(deps, request)) };
    case 'card':
      return withNotes(
        tagged(
          message,
          renderApprovalCard(request, await cardFacts(deps, request, { message, body, facts })),
        ),
        anewNotes(body),
      );
    case 'file':
      return await renderFile(deps, request, fileKind(body?.when));
    case 'direct':
      if (body?.instead === undefined) return tagged(message, renderOutcome(request, facts));
      return tagged(
        message,
        renderInstead(
          request,
          { what: String(body.instead), channelId: String(body.channelId), error: String(body.error) },
          facts,
        ),
      );
    default:
      if (body?.reminder === true) {
        // It may have waited for Slack for longer than the request waited for approval.
        return request.state === 'awaiting_approval' ? tagged(message, renderReminder(request, facts)) : null;
      }
      return body === null ? null : readyMade(message, body);
  }
}

type Posted = Extract<Rendered, { kind: 'message' }>;

/** Lines below a message that say how it came to stand where it stands, as far as Slack takes more blocks. */
function withNotes(rendered: Posted, notes: string[]): Posted {
  const blocks = [...rendered.blocks, ...notes.map((note) => context(note))];
  return notes.length === 0 || blocks.length > slackLimits.messageBlocks ? rendered : { ...rendered, blocks };
}

function boardNotes(body: Record<string, unknown> | null): string[] {
  const moved =
    typeof body?.movedFrom === 'string'
      ? [
          `This belongs into ${channelMention(body.movedFrom)}, but Slack does not let Voicecall post there (${foreign(String(body.error), 60)}).`,
        ]
      : [];
  return [...moved, ...anewNotes(body)];
}

function anewNotes(body: Record<string, unknown> | null): string[] {
  return body?.anew === true
    ? ['The message before this one was deleted. This one shows the request from now on.']
    : [];
}

/** Replies are found again after a lost answer by their own id. */
function tagged(message: MessageRow, rendered: { text: string; blocks: KnownBlock[] }): Posted {
  const metadata = { event_type: 'voicecall_reply', event_payload: { message_id: message.id } };
  return { kind: 'message', ...rendered, metadata };
}

function readyMade(message: MessageRow, body: Record<string, unknown>): Rendered {
  if (typeof body.plain === 'string') {
    const text = foreign(body.plain, 2_000);
    return tagged(message, { text, blocks: [section(text)] });
  }
  const blocks = Array.isArray(body.blocks) ? (body.blocks as KnownBlock[]) : [];
  return tagged(message, { text: String(body.text ?? ''), blocks });
}

async function callsToShow(deps: SlackDeps, request: RequestView) {
  const states = request.counts.callees > tableRows ? { states: troubleStates } : {};
  return await loadCalls(deps.store.read, request.id, states);
}

async function cardFacts(
  deps: SlackDeps,
  request: RequestView,
  {
    message,
    body,
    facts,
  }: { message: MessageRow; body: Record<string, unknown> | null; facts: MessageFacts },
): Promise<ApprovalFacts> {
  const open = request.state === 'awaiting_approval';
  const unreadableGroups: string[] = [];
  for (const group of (request.approval?.approvers ?? []).filter((id) => id.startsWith('S'))) {
    if (open && (await deps.people.groupMembers(group)) === null) unreadableGroups.push(group);
  }
  // As it is when the card is posted: one whose figures change by themselves would be edited for ever.
  const at = message.posted_at ?? facts.now;
  const nightIn = request.countries.filter(
    ({ country }) =>
      open && country !== unknownCountry && isBetweenIn(country as CountryCode, night, at) === 'yes',
  );
  return {
    ...facts,
    night: nightIn.reduce((sum, { callees }) => sum + callees, 0),
    nightIn,
    balance: open ? deps.balance.known() : null,
    unreadableGroups,
    ...(body?.movedFrom === undefined
      ? {}
      : { movedFrom: { channelId: String(body.movedFrom), error: String(body.error) } }),
    seen: request.hash.slice(0, 16),
  };
}

async function renderFile(deps: SlackDeps, request: RequestView, when: FileKind): Promise<Rendered> {
  const calls = await loadCalls(deps.store.read, request.id);
  const { name, title, comment } = fileWords[when];
  return {
    kind: 'file',
    name: `voicecall-${request.id}-${name}.csv`,
    title: `${title} ${request.counts.callees}`,
    content: renderCsv(calls, { masked: when !== 'full' }),
    comment,
  };
}

type FileKind = 'sent' | 'done' | 'full';

function fileKind(when: unknown): FileKind {
  return when === 'done' || when === 'full' ? when : 'sent';
}

const fileWords: Record<FileKind, { name: string; title: string; comment: string }> = {
  sent: {
    name: 'submitted',
    title: 'What the platform said of all',
    comment:
      'What the voice platform said of every callee when it was asked; how the calls ended follows when all have. Numbers are masked.',
  },
  done: { name: 'results', title: 'Results of all', comment: 'Every callee’s result. Numbers are masked.' },
  full: {
    name: 'full',
    title: 'Results of all',
    comment: 'Every callee’s result with numbers in full, for you alone.',
  },
};
