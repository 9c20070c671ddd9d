import { sql } from 'kysely';
import { constrain } from './constraints.ts';
import type { Step } from './step.ts';

/**
 * For scheduled requests: when to call, the lists that are read again then, and the callees that only a list named.
 */
export const scheduled: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema.alterTable('requests').addColumn('when_at', 'bigint').execute();
  await tx.schema.alterTable('requests').addColumn('lists', text).execute();
  await tx.schema
    .alterTable('calls')
    .addColumn('list_only', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await constrain(tx, dialect, 'requests', {
    values: {
      state: [
        ...['awaiting_approval', 'scheduled', 'approved', 'rejected', 'expired', 'cancelled'],
        ...['sending', 'sent', 'done', 'failed'],
      ],
    },
  });
};
