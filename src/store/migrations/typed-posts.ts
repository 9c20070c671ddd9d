import { sql } from 'kysely';
import type { Step } from './step.ts';

/**
 * The kind of a Slack message says what it is: replies and direct messages with several meanings get separate kinds.
 */
export const typedPosts: Step = async (tx) => {
  const set = async (to: string, from: string, body: string) => {
    await sql`update messages set kind = ${to} where kind = ${from} and body like ${body}`.execute(tx);
  };
  await set('reminder', 'reply', '{"reminder":%');
  await sql`update messages set kind = 'words' where kind = 'reply'`.execute(tx);
  await set('full', 'file', '{"when":"full"%');
  await sql`update messages set kind = 'instead' where kind = 'direct' and slot like 'moved:%'`.execute(tx);
  await sql`update messages set kind = 'outcome' where kind = 'direct'`.execute(tx);
  const { rows } = await sql<{ id: string; kind: string; slot: string | null; body: string }>`
    select id, kind, slot, body from messages
    where body is not null and kind in ('reminder', 'full', 'instead')`.execute(tx);
  for (const { id, kind, slot, body } of rows) {
    const now = bodyOf(kind, slot ?? '', JSON.parse(body) as Record<string, unknown>);
    await sql`update messages set body = ${now} where id = ${id}`.execute(tx);
  }
};

function bodyOf(kind: string, slot: string, before: Record<string, unknown>): string | null {
  if (kind === 'reminder') return null;
  // The formats are full:<request>:<person>:<minute> and moved:<message>.
  const [, first = '', second = '', third = ''] = slot.split(':');
  if (kind === 'full') return JSON.stringify({ userId: second, minute: Number(third) });
  return JSON.stringify({ ...before, of: first });
}
