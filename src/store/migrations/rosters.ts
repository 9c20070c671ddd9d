import { sql } from 'kysely';
import type { Step } from './step.ts';

/** The last good copy of each roster's calendar, and the rosters that a request used. */
export const rosters: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema
    .createTable('rosters')
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('etag', text)
    .addColumn('body', text)
    .addColumn('shifts', text, (column) => column.notNull())
    .addColumn('problems', text, (column) => column.notNull())
    .addColumn('mails', text, (column) => column.notNull())
    .addColumn('read_at', 'bigint')
    .addColumn('expanded_at', 'bigint')
    .addColumn('tried_at', 'bigint', (column) => column.notNull())
    .addColumn('problem', text)
    .addPrimaryKeyConstraint('rosters_pk', ['name'] as never[])
    .execute();
  await tx.schema.alterTable('requests').addColumn('rosters', text).execute();
};
