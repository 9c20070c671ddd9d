import { sql } from 'kysely';
import type { Dialect, MigrationTx } from './step.ts';

/** What the database itself checks about a table. */
export interface Constraints {
  /** Columns and the only values that they may have. Replaces an earlier list for the same column. */
  values?: Record<string, readonly string[]>;
  /** Columns and the table whose `id` they refer to, if they are not null. */
  references?: Record<string, string>;
}

/** Adds constraints to a table that may have rows. Throws the database's error if a row does not fit. */
export async function constrain(
  tx: MigrationTx,
  dialect: Dialect,
  table: string,
  { values = {}, references = {} }: Constraints,
): Promise<void> {
  const checks = Object.entries(values).map(([column, those]) => ({
    name: `${table}_${column}_check`,
    clause: `check ("${column}" in (${those.map((each) => `'${each}'`).join(', ')}))`,
  }));
  const keys = Object.entries(references).map(([column, other]) => ({
    name: `${table}_${column}_fk`,
    clause: `foreign key ("${column}") references "${other}" ("id")`,
  }));
  const all = [...checks, ...keys];
  if (dialect === 'sqlite') return await rebuild(tx, table, all);
  const changes = all.flatMap(({ name, clause }) => [
    `drop constraint if exists "${name}"`,
    `add constraint "${name}" ${clause}`,
  ]);
  await sql.raw(`alter table "${table}" ${changes.join(', ')}`).execute(tx);
}

/**
 * SQLite cannot add a constraint to a table. So a new table is made from the old one's SQL, filled and renamed, as
 * https://www.sqlite.org/lang_altertable.html#otheralter says. Foreign keys are off while migrations run.
 */
async function rebuild(
  tx: MigrationTx,
  table: string,
  constraints: readonly { name: string; clause: string }[],
): Promise<void> {
  const { rows } = await sql<{ type: string; sql: string | null }>`
    select type, sql from sqlite_master where tbl_name = ${table} and sql is not null`.execute(tx);
  const create = rows.find((each) => each.type === 'table')?.sql ?? '';
  const kept = constraints.reduce(
    (text, { name }) => text.replace(new RegExp(`, constraint "${name}" check \\([^(]*\\([^)]*\\)\\)`), ''),
    create,
  );
  const added = constraints.map(({ name, clause }) => `, constraint "${name}" ${clause}`).join('');
  const whole = `${kept.slice(0, kept.lastIndexOf(')'))}${added})`;
  const fresh = `new_${table}`;
  await sql.raw(whole.replace(/^create table "?\w+"?/i, `create table "${fresh}"`)).execute(tx);
  await sql.raw(`insert into "${fresh}" select * from "${table}"`).execute(tx);
  await sql.raw(`drop table "${table}"`).execute(tx);
  await sql.raw(`alter table "${fresh}" rename to "${table}"`).execute(tx);
  for (const each of rows) if (each.type !== 'table') await sql.raw(each.sql ?? '').execute(tx);
}
