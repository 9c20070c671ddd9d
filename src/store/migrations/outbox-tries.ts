import type { Step } from './step.ts';

/** Each post has its own time for the next try, so that a post that fails does not delay others. */
export const outboxTries: Step = async (tx) => {
  await tx.schema
    .alterTable('messages')
    .addColumn('next_try_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await tx.schema.alterTable('messages').addColumn('last_try_at', 'bigint').execute();
};
