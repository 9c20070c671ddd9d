import { sql } from 'kysely';
import type { Step } from './step.ts';

/** Status and the Home tab look up the few requests that go on until people are reached. */
export const requestsReaching: Step = async (tx) => {
  await sql`create index requests_reaching on requests (created_at, id) where reaching = 1`.execute(tx);
};
