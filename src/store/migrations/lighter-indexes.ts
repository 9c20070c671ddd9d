import { sql } from 'kysely';
import type { Step } from './step.ts';

/** The index alone gives a page of the history, however old. Reports are no longer looked up by token. */
export const lighterIndexes: Step = async (tx) => {
  await tx.schema.dropIndex('reports_token').execute();
  await tx.schema.dropIndex('requests_created_at').execute();
  await tx.schema.dropIndex('requests_requested_by_created_at').execute();
  await sql`create index requests_history on requests (created_at, id)`.execute(tx);
  await sql`create index requests_own_history on requests (requested_by, created_at, id)`.execute(tx);
};
