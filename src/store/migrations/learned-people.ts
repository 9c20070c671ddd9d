import { sql } from 'kysely';
import type { Step } from './step.ts';

/** What Slack last said about the people whom rules call, so that they can be called while Slack is down. */
export const learnedPeople: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema
    .createTable('learned_people')
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('body', text, (column) => column.notNull())
    .addColumn('learned_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('learned_people_pk', ['id'] as never[])
    .execute();
};
