import type { Step } from './step.ts';

/** When each rule with `silentFor` last heard its message. */
export const silences: Step = async (tx) => {
  await tx.schema
    .createTable('silences')
    .addColumn('rule_name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('heard_at', 'bigint', (column) => column.notNull())
    .addColumn('team_id', 'text', (column) => column.notNull())
    .addColumn('channel_id', 'text', (column) => column.notNull())
    .addColumn('thread_ts', 'text', (column) => column.notNull())
    .addColumn('source', 'text')
    .addColumn('alert_id', 'text')
    .execute();
};
