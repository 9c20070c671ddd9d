import type { Step } from './step.ts';

/** A Slack message that fails waits by itself, and others pass it: it has a time of its own to be tried again. */
export const outboxTries: Step = async (tx) => {
  await tx.schema
    .alterTable('messages')
    .addColumn('next_try_at', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await tx.schema.alterTable('messages').addColumn('last_try_at', 'bigint').execute();
};
