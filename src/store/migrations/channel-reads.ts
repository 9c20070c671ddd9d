import type { Step } from './step.ts';

/** Up to where a rule channel's history was read; messages that Slack did not deliver are read from there. */
export const channelReads: Step = async (tx) => {
  await tx.schema
    .createTable('channel_reads')
    .addColumn('channel_id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('read_until', 'text', (column) => column.notNull())
    .execute();
};
