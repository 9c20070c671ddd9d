import type { KnownBlock, MessageMetadata } from '@slack/types';
import type { CountryCode } from 'libphonenumber-js';
import { isBetweenIn } from '../../calls/numbers.ts';
import { tableRows } from '../../calls/progress.ts';
import type { CallState, RequestView } from '../../calls/types.ts';
import { loadCalls, loadRequest } from '../../calls/view.ts';
import type { SlackDeps } from '../deps.ts';
import { renderApprovalCard } from '../messages/approval-card.ts';
import { section } from '../messages/blocks.ts';
import { renderBoard } from '../messages/board.ts';
import { renderCsv } from '../messages/csv.ts';
import { renderInstead, renderOutcome } from '../messages/direct.ts';
import { renderReminder } from '../messages/reminder.ts';
import { renderResults } from '../messages/results.ts';
import { foreign } from '../text.ts';
import type { MessageRow } from './deliver.ts';

export type Rendered =
  | { kind: 'message'; text: string; blocks: KnownBlock[]; metadata: MessageMetadata }
  | { kind: 'file'; name: string; title: string; content: string; comment: string };

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
  if (message.kind === 'board' || message.kind === 'card') await learnNames(deps, request);
  switch (message.kind) {
    case 'board':
      return { kind: 'message', ...renderBoard(request, facts) };
    case 'results':
      return { kind: 'message', ...renderResults(request, await callsToShow(deps, request)) };
    case 'card':
      return tagged(message, renderApprovalCard(request, await cardFacts(deps, request, body, facts)));
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
      if (body?.reminder === true) return tagged(message, renderReminder(request, facts));
      return body === null ? null : readyMade(message, body);
  }
}

/** Replies are found again after a lost answer by their own id. */
function tagged(message: MessageRow, rendered: { text: string; blocks: KnownBlock[] }): Rendered {
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

/** So that a decision is shown with a name; kept by `people`, and asked again at most once a minute. */
async function learnNames(deps: SlackDeps, request: RequestView): Promise<void> {
  const unknown = request.decisions.filter((each) => deps.people.knownName(each.userId) === null);
  await Promise.all(unknown.slice(0, 10).map((each) => deps.people.person(each.userId)));
}

async function cardFacts(
  deps: SlackDeps,
  request: RequestView,
  body: Record<string, unknown> | null,
  facts: { now: number; nameOf: (id: string) => string | null },
) {
  const notices: string[] = [];
  if (body?.movedFrom !== undefined) {
    notices.push(
      `This card belongs into <#${String(body.movedFrom)}>, but Slack does not let Voicecall post there (${String(body.error)}).`,
    );
  }
  for (const group of (request.approval?.approvers ?? []).filter((id) => id.startsWith('S'))) {
    if (request.state === 'awaiting_approval' && (await deps.people.groupMembers(group)) === null) {
      notices.push(
        `The members of <!subteam^${group}> could not be read: until they can, nobody counts as one of them.`,
      );
    }
  }
  // Told as it was when asked: a card whose figures change by themselves would be edited for ever.
  const asleep = request.countries
    .filter(
      ({ country }) =>
        country !== '??' && isBetweenIn(country as CountryCode, night, request.createdAt) === 'yes',
    )
    .reduce((sum, { callees }) => sum + callees, 0);
  return { ...facts, night: asleep, notices, seen: request.hash.slice(0, 16) };
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
