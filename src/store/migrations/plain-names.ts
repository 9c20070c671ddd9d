import { sql } from 'kysely';
import type { Dialect, MigrationTx, Step } from './step.ts';

const tables = { events: 'audit', messages: 'posts', rule_rings: 'rule_calls' };

/** Tables, columns and stored words are named as in docs/glossary.md. */
export const plainNames: Step = async (tx, dialect) => {
  for (const [before, now] of Object.entries(tables)) {
    await sql`alter table ${sql.table(before)} rename to ${sql.table(now)}`.execute(tx);
  }
  await sql`alter table rule_calls rename column rang_at to called_at`.execute(tx);
  await sql`alter table requests rename column message to audio`.execute(tx);
  await sql`alter table steps rename column message to audio`.execute(tx);
  for (const { name, create } of await indexesOf(tx, dialect)) await renameIndex(tx, dialect, name, create);
  if (dialect === 'postgres') {
    await sql`alter table audit rename constraint events_request_id_fk to audit_request_id_fk`.execute(tx);
  }
  await sql`update calls set cause = 'settled_called' where cause = 'settled_rang'`.execute(tx);
  await sql`update calls set cause = 'settled_not_called' where cause = 'settled_silent'`.execute(tx);
  await sql`update tasks set payload = replace(payload, '"rangAt":', '"calledAt":')
    where kind = 'alerts.cooldown'`.execute(tx);
  await sql`update drafts set data = replace(data, '"message":{"kind":', '"audio":{"kind":')`.execute(tx);
};

/** The indexes of the renamed tables, with their SQL. */
async function indexesOf(tx: MigrationTx, dialect: Dialect): Promise<{ name: string; create: string }[]> {
  const those = sql.join(Object.values(tables).map((table) => sql.lit(table)));
  const { rows } =
    dialect === 'postgres'
      ? await sql<{
          name: string;
          create: string;
        }>`select indexname as name, indexdef as create from pg_indexes
          where schemaname = current_schema() and tablename in (${those})`.execute(tx)
      : await sql<{ name: string; create: string }>`select name, sql as "create" from sqlite_master
          where type = 'index' and sql is not null and tbl_name in (${those})`.execute(tx);
  return rows;
}

/** An index is named after its table and columns. SQLite cannot rename an index, so it is made again. */
async function renameIndex(tx: MigrationTx, dialect: Dialect, name: string, create: string): Promise<void> {
  const [before, now] = Object.entries(tables).find(([table]) => name.startsWith(`${table}_`)) ?? [];
  if (before === undefined || now === undefined) return;
  const renamed = name.replace(before, now).replace('rang_at', 'called_at');
  if (dialect === 'postgres') {
    await sql`alter index ${sql.id(name)} rename to ${sql.id(renamed)}`.execute(tx);
    return;
  }
  await sql`drop index ${sql.id(name)}`.execute(tx);
  await sql.raw(create.replace(name, renamed)).execute(tx);
}
