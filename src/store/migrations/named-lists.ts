import { sql } from 'kysely';
import type { Step } from './step.ts';

/** The names of the lists that a request was asked for, so that its board and its card can show them. */
export const namedLists: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema.alterTable('requests').addColumn('named_lists', text).execute();
};
