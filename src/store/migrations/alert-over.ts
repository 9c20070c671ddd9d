import { sql } from 'kysely';
import type { Step } from './step.ts';

/** When the alert of a request was resolved, which its board says first, and which requests repeat another. */
export const alertOver: Step = async (tx) => {
  await tx.schema.alterTable('requests').addColumn('resolved_at', 'bigint').execute();
  await sql`create index requests_previous_id on requests (previous_id) where previous_id is not null`.execute(
    tx,
  );
};
