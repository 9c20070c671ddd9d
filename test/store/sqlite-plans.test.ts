// SQLite plans a statement once, not each time it runs.
import assert from 'node:assert/strict';
import { constants, DatabaseSync } from 'node:sqlite';
import { mock, test } from 'node:test';
import type { Queryable } from '../../src/store/types.ts';
import { createTestDatabase } from '../support/store.ts';

const queries: Record<string, (from: Queryable) => Promise<unknown>> = {
  'a limit': (from) =>
    from.selectFrom('posts').select('id').where('state', '=', 'pending').limit(3).execute(),
  'a limit and an offset': (from) =>
    from.selectFrom('calls').select('callee').where('request_id', '=', 'r').limit(3).offset(2).execute(),
  'the state of a call': (from) =>
    from
      .selectFrom('calls')
      .select('callee')
      .where('request_id', '=', 'r')
      .where('state', '=', 'unknown')
      .execute(),
};

for (const [what, run] of Object.entries(queries)) {
  test(`a query with ${what} is planned once`, async () => {
    const database = await createTestDatabase('sqlite');
    const prepare = mock.method(DatabaseSync.prototype, 'prepare');
    try {
      const { read } = await database.open();
      prepare.mock.resetCalls();
      await run(read);
      const connection = prepare.mock.calls[0]?.this;
      assert.ok(connection instanceof DatabaseSync);
      let planned = 0;
      // SQLite asks it for each part of a statement that it plans.
      connection.setAuthorizer(() => {
        planned++;
        return constants.SQLITE_OK;
      });
      // An authorizer makes SQLite plan every statement once more.
      await run(read);
      assert.ok(planned > 0);
      planned = 0;
      await run(read);
      await run(read);
      assert.equal(planned, 0);
    } finally {
      prepare.mock.restore();
      await database.remove();
    }
  });
}
