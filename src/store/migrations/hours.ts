import { sql } from 'kysely';
import type { Step } from './step.ts';

/** People are called in their own hours: a callee's zone as the profile tells it, and who lets calls go out all the same. */
export const hours: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema.alterTable('calls').addColumn('time_zone', text).execute();
  for (const table of ['requests', 'decisions'])
    await tx.schema
      .alterTable(table)
      .addColumn('any_hour', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
};
