import { pace } from '../../calls/pacing.ts';
import type { TaskHandler, TaskResult } from '../../store/types.ts';
import type { SlackDeps } from '../deps.ts';
import { slackFailure } from '../errors.ts';
import { shownDigest } from './digest.ts';
import { renderMessage } from './render.ts';

/** chat.update: 50 a minute for the whole workspace (Tier 3): https://docs.slack.dev/apis/web-api/rate-limits */
const editEveryMs = 1_200;

/**
 * The handler of "slack.edit" tasks (key: message): shows the request as it is now. Any number of changes between two
 * turns is one edit; the turns are shared by all boards of all instances.
 */
export function createEditor(deps: SlackDeps): TaskHandler {
  return async (task): Promise<TaskResult> => {
    const message = await deps.store.read
      .selectFrom('messages')
      .selectAll()
      .where('id', '=', task.key)
      .executeTakeFirst();
    if (message === undefined || message.state !== 'posted' || message.ts === null) return undefined;
    const rendered = await renderMessage(deps, message);
    if (rendered === null || rendered.kind === 'file') return undefined;
    const shown = shownDigest(rendered);
    if (shown === message.shown) return undefined;
    const now = deps.clock.now();
    const openAt = await deps.store.transaction((tx) => pace(tx, 'slack.edit', now, editEveryMs));
    if (openAt > now) return { againAt: openAt };
    const { text, blocks, metadata } = rendered;
    try {
      await deps.web.chat.update({ channel: message.channel_id, ts: message.ts, text, blocks, metadata });
    } catch (error) {
      const failure = slackFailure(error);
      deps.log.warn({ requestId: message.request_id, failure }, 'Slack did not take an edit');
      if (failure.kind === 'limited') return { againAt: deps.clock.now() + failure.retryAfterMs };
      // Deleted, archived, too old to be edited: there is nothing more to show here.
      if (failure.kind === 'refused') return undefined;
      return { againAt: deps.clock.now() + Math.min(1000 * 2 ** task.attempts, 60_000) };
    }
    await deps.store.transaction((tx) =>
      tx.updateTable('messages').set({ shown }).where('id', '=', message.id).execute(),
    );
    return undefined;
  };
}
