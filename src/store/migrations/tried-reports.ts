import { sql } from 'kysely';
import type { Step } from './step.ts';

/** A report that matches no call is looked at once, not again with each new report. */
export const triedReports: Step = async (tx) => {
  await tx.schema.alterTable('reports').addColumn('tried_at', 'bigint').execute();
  await tx.schema
    .alterTable('reports')
    .addColumn('outdone', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update reports set tried_at = applied_at where applied_at is not null`.execute(tx);
  await sql`create index reports_untried on reports (id) where tried_at is null`.execute(tx);
  await tx.schema.dropIndex('reports_applied_at_id').execute();
};
