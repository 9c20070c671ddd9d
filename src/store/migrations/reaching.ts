import { type ColumnDefinitionBuilder, sql } from 'kysely';
import type { Step } from './step.ts';

/**
 * A request may continue until people are reached. This adds its plan, its ladder and its place in them; for each
 * call its attempt, its step, how and when it ended, and what earlier calls to the callee came to.
 */
export const reaching: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  const from = (first: number) => (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(first);
  for (const column of ['plan', 'ladder', 'reach_ended_by']) {
    await tx.schema.alterTable('requests').addColumn(column, text).execute();
  }
  for (const column of ['step_started_at', 'reach_ended_at', 'first_reached_at']) {
    await tx.schema.alterTable('requests').addColumn(column, 'bigint').execute();
  }
  await tx.schema.alterTable('requests').addColumn('reaching', 'bigint', from(0)).execute();
  await tx.schema.alterTable('requests').addColumn('step', 'bigint', from(1)).execute();
  await tx.schema.alterTable('submissions').addColumn('step', 'bigint', from(1)).execute();
  await tx.schema.alterTable('calls').addColumn('attempt', 'bigint', from(1)).execute();
  await tx.schema.alterTable('calls').addColumn('step', 'bigint', from(1)).execute();
  await tx.schema.alterTable('calls').addColumn('earlier', text).execute();
  await tx.schema.alterTable('calls').addColumn('ending', text).execute();
  await tx.schema.alterTable('calls').addColumn('ended_at', 'bigint').execute();
  await tx.schema
    .createTable('steps')
    .addColumn('request_id', text, (column) => column.notNull())
    .addColumn('step', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('callees', 'bigint', (column) => column.notNull())
    .addColumn('message', text)
    .addColumn('problem', text)
    .addPrimaryKeyConstraint('steps_pk', ['request_id', 'step'])
    .execute();
};
