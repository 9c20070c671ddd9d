import { sql } from 'kysely';
import type { Step } from './step.ts';

/** An alert event that keeps failing is set aside: others do not wait for it, and people can inspect it. */
export const setAsideEvents: Step = async (tx) => {
  await tx.schema
    .alterTable('alert_events')
    .addColumn('attempts', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await tx.schema.alterTable('alert_events').addColumn('set_aside_at', 'bigint').execute();
  await sql`create index alert_events_set_aside on alert_events (set_aside_at) where set_aside_at is not null`.execute(
    tx,
  );
};
