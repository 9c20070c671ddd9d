import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flatten } from '../../src/alerts/flatten.ts';
import { createTracker, type Tracked, track } from '../../src/alerts/tracker.ts';
import { understand } from '../../src/alerts/understand.ts';
import { gated } from './helpers.ts';

function play(events: Record<string, unknown>[]): Tracked[] {
  const state = createTracker();
  return events.map((event) => {
    const alert = gated({ type: 'message', channel: 'C1', bot_id: 'B1', ...event });
    return track(state, alert, understand(flatten(alert.message), alert));
  });
}

const edit = (ts: string, at: string, text: string) => ({
  subtype: 'message_changed',
  ts: at,
  message: { bot_id: 'B1', ts, text, edited: { ts: at, user: 'U1' } },
});

describe('a sequence of messages', () => {
  it('rings once, refreshes, resolves, rings again', () => {
    const seen = play([
      { ts: '1.1', text: 'db is down' },
      { ts: '2.1', text: 'db is down' },
      { ts: '3.1', text: 'db is up' },
      { ts: '4.1', text: 'db is up' },
      { ts: '5.1', text: 'db is down' },
    ]);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['fired', 'refreshed', 'resolved', 'none', 'fired'],
    );
    assert.equal(new Set(seen.map((item) => item.key)).size, 1);
  });
  it('finds the alert of an edit and of a thread reply, whatever they say', () => {
    const seen = play([
      { ts: '1.1', text: 'Problem: db-1 is down' },
      edit('1.1', '2.1', 'Resolved in 3m by Ada'),
      { ts: '3.1', thread_ts: '1.1', text: 'Problem: it is down again' },
      { ts: '4.1', thread_ts: '1.1', text: 'Resolved' },
    ]);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['fired', 'resolved', 'fired', 'resolved'],
    );
    assert.equal(new Set(seen.map((item) => item.key)).size, 1);
  });
  it('lets a reply that fires for something else stand alone', () => {
    const seen = play([
      { ts: '1.1', text: 'Triggered: load\nHost: web-1' },
      { ts: '2.1', thread_ts: '1.1', text: 'Triggered: load\nHost: web-2' },
    ]);
    assert.notEqual(seen[0]?.key, seen[1]?.key);
  });
  it('keeps alerts apart that only share a thread under a message which is no alert', () => {
    const seen = play([
      { ts: '1.1', text: 'Messages of today' },
      { ts: '2.1', thread_ts: '1.1', text: 'a is down' },
      { ts: '3.1', thread_ts: '1.1', text: 'b is down' },
    ]);
    assert.equal(new Set(seen.map((item) => item.key)).size, 3);
  });
  it('takes an original behind its own edit for old news', () => {
    const seen = play([edit('1.1', '2.1', 'Resolved: db'), { ts: '1.1', text: 'db is very down' }]);
    assert.equal(seen[1]?.key, seen[0]?.key);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['resolved', 'none'],
    );
  });
  it('ignores edits that change no status and edits that come late', () => {
    const seen = play([
      { ts: '1.1', text: 'db is down (3 errors)' },
      edit('1.1', '2.1', 'db is down (4 errors)'),
      edit('1.1', '4.1', 'db is up'),
      edit('1.1', '3.1', 'db is down (5 errors)'),
    ]);
    assert.deepEqual(
      seen.map((item) => item.news),
      ['fired', 'none', 'resolved', 'none'],
    );
  });
  it('does not ring for a resolve before its firing', () => {
    assert.deepEqual(
      play([{ ts: '1.1', text: 'db is up' }]).map((item) => item.news),
      ['resolved'],
    );
  });
  it('ends the one alert that a differently worded resolve fits, and none where two fit', () => {
    const cpu = (host: string) => ({ text: `CPU too high\nHost: ${host}` });
    const one = play([
      { ts: '1.1', ...cpu('web-1') },
      { ts: '2.1', text: 'Triggered: CPU too high\nHost: web-1' },
      { ts: '3.1', text: 'CPU returned to normal\nHost: web-1' },
    ]);
    assert.equal(one[2]?.key, one[1]?.key);
    const two = play([
      { ts: '1.1', text: 'Triggered: CPU too high\nHost: web-1' },
      { ts: '2.1', text: 'Triggered: CPU too high\nHost: web-2' },
      { ts: '3.1', text: 'CPU returned to normal' },
    ]);
    assert.ok(two[2]?.key !== two[0]?.key && two[2]?.key !== two[1]?.key);
    const other = play([
      { ts: '1.1', text: 'Triggered: CPU too high\nHost: web-1' },
      { ts: '2.1', text: 'CPU returned to normal\nHost: web-2' },
    ]);
    assert.notEqual(other[0]?.key, other[1]?.key);
  });
  it('takes a build that passed for the end of its failure, and for nothing else', () => {
    const failed = { ts: '1.1', text: 'Build api failed' };
    assert.deepEqual(
      play([failed, { ts: '2.1', text: 'Build api passed' }]).map((item) => item.status),
      ['firing', 'resolved'],
    );
    assert.deepEqual(
      play([failed, { ts: '2.1', text: 'Build web passed' }]).map((item) => item.status),
      ['firing', 'info'],
    );
  });
});
