import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dutyCalendar, startRoster, writtenAddress } from '../../sandbox/page/roster.ts';
import { dutyAt } from '../../src/rosters/duty.ts';
import { expandCalendar } from '../../src/rosters/expand.ts';
import { fetchFeed } from '../../src/rosters/fetch-feed.ts';
import { configOf } from '../support/world.ts';

test("the sandbox's calendar changes hands every few minutes, and always between the same two", async (t) => {
  const text = readFileSync(new URL('../../sandbox/voicecall.sandbox.yaml', import.meta.url), 'utf8');
  const config = configOf(text);
  const roster = config.rosters['shop-duty'];
  assert.ok(roster);
  assert.equal(roster.ical, writtenAddress);
  const now = Date.UTC(2026, 0, 5, 9, 1);
  const { shifts } = expandCalendar(dutyCalendar(now), { fromAt: now, toAt: now + 86_400_000 });
  const calendar = { shifts, mails: {}, readAt: now, problem: null };
  const first = dutyAt('shop-duty', { roster, config, calendar }, now);
  assert.equal(first.people.length, 1);
  assert.ok((first.untilAt ?? 0) - now <= 4 * 60_000);
  const next = dutyAt('shop-duty', { roster, config, calendar }, first.untilAt ?? 0);
  assert.deepEqual([...first.entries, ...next.entries].sort(), ['U0ASHA', 'U0BEN']);
  const served = await startRoster();
  t.after(() => served.stop());
  assert.equal((await fetchFeed(served.url, null)).kind, 'calendar');
});
