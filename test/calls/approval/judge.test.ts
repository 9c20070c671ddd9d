import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type Verdict } from '../../../src/calls/approval/decide.ts';

const request = {
  state: 'awaiting_approval',
  expires_at: 100,
  requested_by: 'U0ASHA',
  hash: 'abcd',
} as const;
const press = { userId: 'U0BEN', decision: 'approve', seenHash: 'ab' } as const;
const known = { hash: 'abcd', before: null, maySelf: false, now: 99 } as const;

const cases: [what: string, verdict: Verdict, ...Parameters<typeof judge>][] = [
  ['an approver, in time, of what was shown', 'accept', request, press, known],
  ['from a view that does not say what it showed', 'accept', request, { ...press, seenHash: null }, known],
  ['approved before, now rejected', 'accept', request, press, { ...known, before: 'reject' }],
  [
    'one’s own, where that is allowed',
    'accept',
    request,
    { ...press, userId: 'U0ASHA' },
    { ...known, maySelf: true },
  ],
  ['decided already', 'decided', { ...request, state: 'rejected' }, press, { ...known, now: 200 }],
  ['at the very moment of expiry', 'expired', request, press, { ...known, now: 100 }],
  ['one’s own', 'own', request, { ...press, userId: 'U0ASHA' }, known],
  ['not what is stored', 'changed', request, press, { ...known, hash: 'abce' }],
  ['not what was shown', 'changed', request, { ...press, seenHash: 'ax' }, known],
  ['twice', 'twice', request, press, { ...known, before: 'approve' }],
  [
    'twice, but what was approved has changed',
    'changed',
    request,
    press,
    { ...known, before: 'approve', hash: 'x' },
  ],
];

for (const [what, verdict, ...of] of cases) {
  test(`a press on a request: ${what}: ${verdict}`, () => assert.equal(judge(...of), verdict));
}
