import type { Step } from './step.ts';

/** Up to where the history of each channel of a rule was read: what did not arrive is read from there. */
export const channelReads: Step = async (tx) => {
  await tx.schema
    .createTable('channel_reads')
    .addColumn('channel_id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('read_until', 'text', (column) => column.notNull())
    .execute();
};
