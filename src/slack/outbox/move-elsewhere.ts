import { startApprovalClock } from '../../calls/approval/deadline.ts';
import type { Config } from '../../config/types.ts';
import { announce, boardOf } from '../../outbox/outbox.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import type { MessageRow } from './types.ts';

/** What is shown of a request, wherever it can be shown. */
const news = ['board', 'results', 'file', 'card'];

interface Asked {
  requested_by: string | null;
  rule_name: string | null;
  channel_id: string;
  thread_ts: string | null;
}

/**
 * A message's place is closed to the app (archived, deleted, not a member any more). An approvers' card goes to the
 * board's thread. Other news of a request goes to the person who asked, who is told why; without a person, or where that
 * person cannot be told either, to the next place of `fallbacks`. Where there is none left, the log has it at `error`.
 */
export async function moveElsewhere(deps: SlackDeps, message: MessageRow, error: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    const request = message.request_id === null ? undefined : await askedBy(tx, message.request_id);
    if (request === undefined) return await giveUp(tx, deps, message, error);
    if (message.kind === 'card' && message.channel_id !== request.channel_id && movedFrom(message) === null)
      return await moveCard(tx, deps, message, request, error);
    const isInstead = message.kind === 'direct' && bodyOf(message).instead !== undefined;
    // Full numbers are for the one person who asked for them.
    const isPrivate = bodyOf(message).when === 'full';
    if (isPrivate || (!news.includes(message.kind) && !isInstead))
      return await giveUp(tx, deps, message, error);
    const moved = await boardsChannel(tx, message);
    if (moved !== null) return await moveTo(tx, deps, message, moved, error);
    const tried = new Set([...triedBefore(message), message.channel_id]);
    const next = fallbacks(request, deps.config()).find((each) => !tried.has(each));
    // Nobody can be asked there, so it waits no longer than it would have: it expires, visibly.
    if (message.kind === 'card') await startApprovalClock(tx, message.request_id ?? '', now);
    if (next === undefined) return await giveUp(tx, deps, message, error);
    if (isInstead || !isPerson(next)) return await moveTo(tx, deps, message, next, error);
    await drop(tx, deps, message, error);
    await announce(tx, now, {
      requestId: message.request_id,
      kind: 'direct',
      slot: `moved:${message.id}`,
      channelId: next,
      userId: next,
      body: { instead: message.kind, channelId: message.channel_id, error, tried: [...tried] },
    });
  });
}

/** Where news of a request may go when its own channel is closed, the best first: people (U…) and channels. */
export function fallbacks(
  request: Pick<Asked, 'requested_by' | 'rule_name'>,
  { rules, approval }: Pick<Config, 'rules' | 'approval'>,
): string[] {
  const rule = rules.find(({ name }) => name === request.rule_name);
  const approvers = approval?.approvers ?? [];
  return [
    ...(request.requested_by === null ? [] : [request.requested_by]),
    ...(rule?.channels ?? []),
    ...(approval?.channel === undefined ? [] : [approval.channel]),
    ...approvers.filter(isPerson),
  ];
}

/** Drops a message that is not needed any more, or that another one replaces. */
export async function drop(tx: Tx, deps: SlackDeps, message: MessageRow, why: string): Promise<void> {
  deps.log.info({ requestId: message.request_id, kind: message.kind, why }, 'a message was not posted');
  await tx.updateTable('messages').set({ state: 'dropped' }).where('id', '=', message.id).execute();
}

async function giveUp(tx: Tx, deps: SlackDeps, message: MessageRow, error: string): Promise<void> {
  const { request_id: requestId, channel_id: channel, kind } = message;
  const { plain } = bodyOf(message);
  const facts = { requestId, kind, channel, error, ...(typeof plain === 'string' ? { plain } : {}) };
  deps.log.error(facts, 'a message can be shown nowhere in Slack: its place is closed to the app');
  await tx.updateTable('messages').set({ state: 'dropped' }).where('id', '=', message.id).execute();
}

async function askedBy(tx: Tx, requestId: string): Promise<Asked | undefined> {
  return await tx
    .selectFrom('requests')
    .select(['requested_by', 'rule_name', 'channel_id', 'thread_ts'])
    .where('id', '=', requestId)
    .executeTakeFirst();
}

async function moveCard(
  tx: Tx,
  deps: SlackDeps,
  message: MessageRow,
  request: Asked,
  error: string,
): Promise<void> {
  await drop(tx, deps, message, error);
  await announce(tx, deps.clock.now(), {
    requestId: message.request_id,
    kind: 'card',
    slot: `card:${message.request_id}:moved`,
    channelId: request.channel_id,
    threadTs: request.thread_ts,
    parentId: await boardOf(tx, message.request_id ?? ''),
    body: { movedFrom: message.channel_id, error },
  });
}

/** The channel of the message under which this one belongs, where that one has moved to another. */
async function boardsChannel(tx: Tx, message: MessageRow): Promise<string | null> {
  if (message.parent_id === null) return null;
  const parent = await tx
    .selectFrom('messages')
    .select(['channel_id', 'state'])
    .where('id', '=', message.parent_id)
    .executeTakeFirst();
  if (parent === undefined || parent.state === 'dropped') return null;
  return parent.channel_id === message.channel_id || triedBefore(message).includes(parent.channel_id)
    ? null
    : parent.channel_id;
}

/** The message itself goes to another place, and stays what it is: a board there has its buttons and is edited. */
async function moveTo(
  tx: Tx,
  deps: SlackDeps,
  message: MessageRow,
  channelId: string,
  error: string,
): Promise<void> {
  const { request_id: requestId, kind, channel_id: from } = message;
  deps.log.warn({ requestId, kind, error, from, to: channelId }, 'a message goes elsewhere');
  const body = bodyOf(message);
  const told =
    message.kind === 'direct' ? {} : { movedFrom: movedFrom(message) ?? message.channel_id, error };
  await tx
    .updateTable('messages')
    .set({
      channel_id: channelId,
      thread_ts: null,
      body: JSON.stringify({ ...body, ...told, tried: [...triedBefore(message), message.channel_id] }),
      ...{ tries: 0, tried_at: null, last_try_at: null, next_try_at: 0 },
    })
    .where('id', '=', message.id)
    .execute();
  await enqueue(tx, { kind: 'slack.deliver', key: channelId, runAt: deps.clock.now() });
}

function bodyOf(message: MessageRow): Record<string, unknown> {
  return message.body === null ? {} : (JSON.parse(message.body) as Record<string, unknown>);
}

function triedBefore(message: MessageRow): string[] {
  const { tried } = bodyOf(message);
  return Array.isArray(tried) ? tried.map(String) : [];
}

function movedFrom(message: MessageRow): string | null {
  const { movedFrom: from } = bodyOf(message);
  return typeof from === 'string' ? from : null;
}

function isPerson(id: string): boolean {
  return /^[UW]/.test(id);
}
