import { sql } from 'kysely';
import type { Step } from './step.ts';

/**
 * While the condition was `state = 'unknown'`, SQLite planned every query with `calls.state = ?` again each time it ran,
 * because the bound value decides whether the index fits (https://www.sqlite.org/c3ref/prepare.html). It compares no
 * bound value with `… is true`.
 */
export const unknownIndex: Step = async (tx) => {
  await sql`drop index calls_unknown`.execute(tx);
  await sql`create index calls_unknown on calls (dialled_at) where (state = 'unknown') is true`.execute(tx);
};
