import { sql } from 'kysely';
import type { Step } from './step.ts';

/** An alert event that fails again and again is set aside: it keeps no other waiting, and it can be seen. */
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
