import { sql } from 'kysely';
import type { Step } from './step.ts';

/** Retention finds what to erase without reading what was erased before. */
export const requestsToErase: Step = async (tx) => {
  await sql`create index requests_to_erase on requests (created_at) where erased_at is null`.execute(tx);
};
