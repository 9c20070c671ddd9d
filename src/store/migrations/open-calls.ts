import { sql } from 'kysely';
import type { Step } from './step.ts';

/** The row of an open call says when to ask for its record next: one poller handles all requests. */
export const openCalls: Step = async (tx) => {
  await tx.schema.alterTable('calls').addColumn('ask_at', 'bigint').execute();
  await tx.schema
    .alterTable('calls')
    .addColumn('asked', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update calls set ask_at = dialled_at, asked = case when voice_id is null then 2 else 0 end
    where state = 'accepted' and superseded = 0 and dialled_at is not null
      and request_id in (select id from requests where state in ('approved', 'sending', 'sent'))`.execute(tx);
  await sql`create index calls_ask on calls (asked, ask_at) where ask_at is not null`.execute(tx);
  await sql`create index calls_open on calls (dialled_at) where ask_at is not null`.execute(tx);
  await sql`create index calls_unknown on calls (dialled_at) where state = 'unknown'`.execute(tx);
  await sql`delete from tasks where kind = 'poll'`.execute(tx);
};
