import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutEndWord } from '../../src/paging/rule-reply.ts';

test('"Resolved: …" is said once, however the tool begins its title', () => {
  for (const [title, shown] of [
    ['[RESOLVED] db-3 lag', 'db-3 lag'],
    ['[RESOLVED:2] db-3 lag (critical)', 'db-3 lag (critical)'],
    ['✅ Resolved: db-3 lag', 'db-3 lag'],
    ['Resolved in 4m 12s: Host unreachable', 'Host unreachable'],
    ['Recovered: Checkout error rate above 5 %', 'Checkout error rate above 5 %'],
    ['Resolved incidents are above 5', 'Resolved incidents are above 5'],
    ['[Shop] is up again', '[Shop] is up again'],
    ['', ''],
  ] as const) {
    assert.equal(withoutEndWord(title), shown);
  }
});
