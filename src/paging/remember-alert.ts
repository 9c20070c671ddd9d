import { changesOf, type Decision, type Heard, messageOf } from '../alerts/decide.ts';
import { newId } from '../ids.ts';
import type { Tx } from '../store/types.ts';
import type { AlertEpisode } from './types.ts';

/** Stores a message and the changes to its alert, as `decide` returned them. */
export async function rememberAlert(tx: Tx, decision: Decision, heard: Heard): Promise<AlertEpisode> {
  const { gated, understood, now } = heard;
  const { alert, begins, silentMs, episodeAt } = decision;
  const id = alert?.id ?? newId('a');
  const threadTs = heard.source === undefined ? (gated.threadTs ?? gated.ts) : '';
  if (alert === undefined) {
    await tx
      .insertInto('alerts')
      .values({
        id,
        key: decision.key,
        channel_id: gated.channel ?? '',
        bot_id: gated.botId,
        app_id: gated.appId ?? null,
        identity: JSON.stringify(understood.identity),
        status: decision.status,
        severity: understood.severity,
        title: understood.title,
        link: understood.link,
        details: heard.details === undefined ? null : JSON.stringify(heard.details),
        thread_ts: threadTs,
        last_ts: gated.editedTs ?? gated.ts,
        first_at: now,
        episode_at: now,
        last_at: now,
        acked_by: null,
        acked_at: null,
      })
      .execute();
  } else {
    await changeAlert(tx, id, decision, heard);
  }
  if (heard.source === undefined) await rememberMessage(tx, id, decision, heard);
  return {
    id,
    threadTs: alert === undefined || decision.startsOver ? threadTs : alert.threadTs,
    title: understood.title === '' ? (alert?.title ?? '') : understood.title,
    episodeAt,
    begins,
    silentMs,
  };
}

/** The tool said, the other way, that this alert is over. */
export async function rememberEnd(tx: Tx, alertId: string, now: number): Promise<void> {
  await tx
    .updateTable('alerts')
    .set({ status: 'resolved', last_at: now })
    .where('id', '=', alertId)
    .where('status', '=', 'firing')
    .execute();
}

async function changeAlert(tx: Tx, id: string, decision: Decision, heard: Heard): Promise<void> {
  const changes = changesOf(decision, heard);
  if (changes === null) return;
  const { lastAt, lastTs, episodeAt, threadTs, details, ...same } = changes;
  await tx
    .updateTable('alerts')
    .set({
      ...same,
      last_at: lastAt,
      ...(details === undefined ? {} : { details: JSON.stringify(details) }),
      ...(lastTs === undefined ? {} : { last_ts: lastTs }),
      ...(episodeAt === undefined ? {} : { episode_at: episodeAt }),
      ...(threadTs === undefined ? {} : { thread_ts: threadTs, acked_by: null, acked_at: null }),
    })
    .where('id', '=', id)
    .execute();
}

async function rememberMessage(tx: Tx, alertId: string, decision: Decision, heard: Heard): Promise<void> {
  const { gated } = heard;
  const seen = messageOf(decision, gated);
  if (seen === null) return;
  const values = { status: seen.status, edited: seen.edited ? 1 : 0, edited_ts: seen.editedTs ?? null };
  await tx
    .insertInto('alert_messages')
    .values({ channel_id: gated.channel ?? '', ts: gated.ts, alert_id: alertId, ...values })
    .onConflict((conflict) => conflict.columns(['channel_id', 'ts']).doUpdateSet(values))
    .execute();
}
