import { sql } from 'kysely';
import type { Step } from './step.ts';

/** When each number was last reached by a call. The table does not hold the number itself. */
export const lastReached: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema
    .createTable('last_reached')
    .addColumn('person', text, (column) => column.notNull())
    .addColumn('reached_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('last_reached_pk', ['person'] as never[])
    .execute();
};
