import type { Clock } from '../../clock.ts';
import { nextTurnAt, pace } from '../../queue/turns.ts';
import type { Lease, TaskHandler, TaskResult } from '../../queue/types.ts';
import { isTokenFault, slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { shownDigest } from './digest.ts';
import { renderMessage } from './render.ts';

/** chat.update: 50 a minute for the whole workspace (Tier 3): https://docs.slack.dev/apis/web-api/rate-limits */
const editEveryMs = 1_200;

/**
 * The handler of "slack.edit" tasks (key: message): shows the request as it is now. Any number of changes between two
 * turns is one edit; the turns are shared by all boards of all instances. Whoever runs waits for its turn here, instead
 * of coming back: of a hundred boards that move, one asks for each turn, not each of them.
 */
export function createEditor(deps: SlackDeps): TaskHandler {
  return async (task, lease): Promise<TaskResult> => {
    const edit = await takeTurn(deps, task.key, lease);
    if (edit === 'stopped') return { againAt: deps.clock.now() };
    if (edit === null) return undefined;
    // Whoever slept through its lease does not show again what another one has edited away meanwhile.
    if (!lease.valid()) return { againAt: deps.clock.now() };
    const { shown, requestId, ...change } = edit;
    try {
      await deps.web.chat.update(change);
    } catch (error) {
      const failure = slackFailure(error);
      deps.log.warn({ requestId, failure }, 'Slack did not take an edit');
      if (failure.kind === 'limited') return { againAt: deps.clock.now() + failure.retryAfterMs };
      // Deleted, archived, too old to be edited: there is nothing more to show here.
      if (failure.kind === 'refused' && !isTokenFault(failure.error)) return undefined;
      return { againAt: deps.clock.now() + Math.min(1000 * 2 ** task.attempts, 60_000) };
    }
    await deps.store.transaction((tx) =>
      tx.updateTable('messages').set({ shown }).where('id', '=', task.key).execute(),
    );
    return undefined;
  };
}

/** What a posted message should show now, or null where it shows it already or is not there (any more). */
async function findEdit(deps: SlackDeps, messageId: string) {
  const message = await deps.store.read
    .selectFrom('messages')
    .selectAll()
    .where('id', '=', messageId)
    .executeTakeFirst();
  if (message === undefined || message.state !== 'posted' || message.ts === null) return null;
  const rendered = await renderMessage(deps, message);
  if (rendered === null || rendered.kind === 'file') return null;
  const shown = shownDigest(rendered);
  if (shown === message.shown) return null;
  const { text, blocks, metadata } = rendered;
  const { channel_id: channel, ts, request_id: requestId } = message;
  return { channel, ts, text, blocks, metadata, shown, requestId };
}

/**
 * Waits until the workspace's next edit is ours, and gives what to show then; null where nothing is to be changed. The
 * board is drawn when a turn is open, not for each report that asked for it.
 */
async function takeTurn(deps: SlackDeps, messageId: string, { signal }: Lease) {
  while (!signal.aborted) {
    const now = deps.clock.now();
    const openAt = await nextTurnAt(deps.store.read, 'slack.edit', now, editEveryMs);
    if (openAt > now) {
      await waitFor(deps.clock, openAt - now, signal);
      continue;
    }
    const edit = await findEdit(deps, messageId);
    if (edit === null) return null;
    const turnAt = await deps.store.transaction((tx) => pace(tx, 'slack.edit', now, editEveryMs));
    if (turnAt <= now) return edit;
  }
  return 'stopped';
}

async function waitFor(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, resolve);
  const stop = () => resolve();
  signal.addEventListener('abort', stop, { once: true });
  await promise;
  cancel();
  signal.removeEventListener('abort', stop);
}
