import { z } from 'zod';
import { fireAfterCooldown } from '../../paging/fire-rule.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { readyRule } from './ready-rule.ts';

const laterSchema = z.object({
  rangAt: z.int().nullable(),
  source: z.string().nullable(),
  status: z.enum(['firing', 'resolved', 'info']).default('firing'),
});

/**
 * The handler of "alerts.cooldown" tasks (key: "<alert>:<rule>"): asks Slack whom the rule calls, and calls if the alert
 * still is what it was and nobody has acknowledged it. Several run side by side, so that a slow look-up holds only its own.
 */
export function createCooldownWatch(deps: SlackDeps): TaskHandler {
  return async (task) => {
    const later = laterSchema.parse(task.payload);
    const at = task.key.indexOf(':');
    const ruleName = task.key.slice(at + 1);
    const rule = deps.config().rules.find((each) => each.name === ruleName);
    const row = await deps.store.read
      .selectFrom('alerts')
      .selectAll()
      .where('id', '=', task.key.slice(0, at))
      .executeTakeFirst();
    if (rule === undefined || row?.status !== later.status) return undefined;
    // It may have become less severe meanwhile; null stands for "none stated".
    const { severity } = rule.match;
    if (
      later.status === 'firing' &&
      rule.silentForMs === undefined &&
      severity !== undefined &&
      !severity.some((each) => each === row.severity)
    )
      return undefined;
    const from = { channel: row.channel_id, botName: later.source ?? undefined };
    const ready = await readyRule(deps, rule, from, { title: row.title, severity: row.severity });
    const done = await deps.store.transaction((tx) =>
      fireAfterCooldown(
        tx,
        deps,
        ready,
        {
          alert: {
            id: row.id,
            threadTs: row.thread_ts,
            title: row.title,
            episodeAt: row.episode_at,
            begins: false,
            silentMs: 0,
          },
          teamId: deps.identity.teamId,
          channelId: row.channel_id,
          source: later.source,
          now: deps.clock.now(),
        },
        { ...later, lastTs: row.last_ts },
      ),
    );
    return done ? undefined : { againAt: deps.clock.now() };
  };
}
