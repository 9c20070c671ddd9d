import { sql } from 'kysely';
import type { Step } from './step.ts';

/** Recordings that people added in Slack. */
export const recordings: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema
    .createTable('recordings')
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('view_id', text, (column) => column.notNull().unique())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('slack_file', text, (column) => column.notNull())
    .addColumn('added_by', text, (column) => column.notNull())
    .addColumn('added_at', 'bigint', (column) => column.notNull())
    .addColumn('file_name', text)
    .addColumn('file_id', text)
    .addColumn('seconds', 'integer')
    .addColumn('tried_at', 'bigint')
    .addColumn('problem', text)
    .addColumn('removed_by', text)
    .addColumn('removed_at', 'bigint')
    .addPrimaryKeyConstraint('recordings_pk', ['id'] as never[])
    .addCheckConstraint('recordings_state_check', sql`state in ('uploading', 'uploaded', 'ready', 'failed')`)
    .execute();
};
