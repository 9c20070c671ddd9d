import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { gate } from '../../src/alerts/filter.ts';

const bot = { type: 'message', channel: 'C1', ts: '100.000100', bot_id: 'B1', text: 'CRITICAL: db' };
const reason = (event: unknown, context = {}) => {
  const result = gate(event, context);
  return 'reason' in result ? result.reason : 'alert';
};

describe('gate', () => {
  it('accepts bots, however they post', () => {
    assert.equal(reason(bot), 'alert');
    assert.equal(reason({ ...bot, subtype: 'bot_message', username: 'Nagios' }), 'alert');
    assert.equal(reason({ ...bot, subtype: 'thread_broadcast', thread_ts: '90.1' }), 'alert');
    assert.equal(reason({ event: bot }), 'alert');
    assert.equal(reason({ type: 'event_callback', team_id: 'T1', event: bot }), 'alert');
    assert.equal(reason({ envelope_id: 'x', payload: { type: 'event_callback', event: bot } }), 'alert');
  });
  it('refuses everything else and says why', () => {
    const { bot_id: _, ...person } = { ...bot, user: 'U1' };
    assert.equal(reason(person), 'person');
    assert.equal(reason({ ...person, attachments: [{ is_share: true, text: 'CRITICAL' }] }), 'person');
    assert.equal(reason({ ...bot, subtype: 'message_deleted', previous_message: bot }), 'deleted');
    assert.equal(
      reason({ ...bot, subtype: 'message_changed', message: { ...bot, subtype: 'tombstone' } }),
      'deleted',
    );
    assert.equal(reason({ ...bot, subtype: 'bot_add' }), 'other_subtype');
    assert.equal(reason({ ...bot, subtype: 'channel_join' }), 'other_subtype');
    assert.equal(reason({ ...bot, user: 'USLACKBOT' }), 'slackbot');
    assert.equal(reason(bot, { ownBotId: 'B1' }), 'own_message');
    assert.equal(reason({ ...bot, app_id: 'A1' }, { ownAppId: 'A1' }), 'own_message');
    assert.equal(
      reason({ type: 'event_callback', api_app_id: 'A1', event: { ...bot, app_id: 'A1' } }),
      'own_message',
    );
    assert.equal(reason({ ...bot, team: 'T2' }, { teamId: 'T1' }), 'other_workspace');
    assert.equal(reason({ type: 'reaction_added' }), 'no_message');
    for (const nothing of [null, 7, 'x', [], {}]) assert.ok(reason(nothing) !== 'alert');
  });
  it('keeps the original’s time for an edit', () => {
    const edit = {
      type: 'message',
      subtype: 'message_changed',
      channel: 'C1',
      ts: '200.1',
      message: { ...bot, text: 'OK' },
      previous_message: bot,
    };
    const result = gate(edit);
    assert.ok('alert' in result);
    assert.deepEqual(
      [result.alert.ts, result.alert.channel, result.alert.isEdit, result.alert.editedTs],
      ['100.000100', 'C1', true, '200.1'],
    );
  });
  it('a link preview is no edit', () => {
    const changed = (message: object) => ({
      type: 'message',
      subtype: 'message_changed',
      channel: 'C1',
      ts: '200.1',
      message,
      previous_message: bot,
    });
    assert.equal(
      reason(changed({ ...bot, attachments: [{ from_url: 'https://x', title: 'RESOLVED' }] })),
      'unfurl',
    );
    assert.equal(reason(changed(bot)), 'unchanged');
    assert.equal(reason(changed({ ...bot, attachments: [{ color: 'good', title: 'RESOLVED' }] })), 'alert');
  });
  it('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void gate(value)),
      { numRuns: 300 },
    );
  });
});
