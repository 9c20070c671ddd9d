import { sql } from 'kysely';
import type { Step } from './step.ts';

/**
 * People are called in their local hours. This adds a callee's time zone from the profile, and the approvals for any
 * hour.
 */
export const hours: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema.alterTable('calls').addColumn('time_zone', text).execute();
  for (const table of ['requests', 'decisions'])
    await tx.schema
      .alterTable(table)
      .addColumn('any_hour', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
};
