import type { Selectable } from 'kysely';
import type { CallsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';

type CallRow = Selectable<CallsTable>;

const rowsAtOnce = 200;

/**
 * Writes these columns of many calls that are in the database already, in one statement each 200: thousands of
 * single updates are what a large request would spend its time with.
 */
export async function writeCalls(
  tx: Tx,
  calls: readonly CallRow[],
  columns: readonly (keyof CallRow)[],
): Promise<void> {
  for (let start = 0; start < calls.length; start += rowsAtOnce) {
    const rows = calls.slice(start, start + rowsAtOnce).map((call) => {
      // What no call can be without: it is never inserted, but is asked for before the conflict is found.
      const { request_id, position, callee, state } = call;
      const changed = Object.fromEntries(columns.map((column) => [column, call[column]]));
      return { ...changed, request_id, position, callee, state };
    });
    await tx
      .insertInto('calls')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['request_id', 'position'])
          .doUpdateSet((eb) =>
            Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)])),
          ),
      )
      .execute();
  }
}
