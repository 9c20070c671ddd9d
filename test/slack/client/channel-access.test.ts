import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebAPIPlatformError } from '@slack/web-api';
import { checkBotToken, checkChannel as doctorSays } from '../../../src/cli/doctor-slack.ts';
import { createLog } from '../../../src/log.ts';
import { checkChannel as formSays } from '../../../src/slack/asking/check-channel.ts';
import { channelAccess } from '../../../src/slack/client/channel-access.ts';
import { createFakeClock } from '../../support/clock.ts';

const says = (error: string) => new WebAPIPlatformError({ ok: false, error });
const page = says('<!DOCTYPE html><html><body>Please sign in.</body></html>');

/** A client whose conversations.info gives this answer. */
function clientWith(answer: object | Error) {
  const info = async () => {
    if (answer instanceof Error) throw answer;
    return { ok: true, channel: { id: 'C0OPS', name: 'ops', ...answer } };
  };
  return { conversations: { info } } as never;
}

const cases: [what: string, answer: object | Error, kind: string, form: RegExp | null, doctor: RegExp][] = [
  ['a member', { is_member: true }, 'open', null, /^ok the app is in #ops/],
  ['not a member', { is_member: false }, 'outside', /invite/, /^wrong the app is not in #ops .*invite/],
  ['archived', { is_member: true, is_archived: true }, 'archived', /archived/, /^wrong .*archived/],
  ['nothing said of the membership', {}, 'unknown', null, /^note Slack did not say whether the app is in/],
  ['a private channel elsewhere', says('channel_not_found'), 'unseen', /invite/, /^wrong .*private.*invite/],
  ['not_in_channel', says('not_in_channel'), 'unseen', /invite/, /^wrong .*private.*invite/],
  ['a page with 200', page, 'unknown', null, /^wrong .*not as Slack does.*proxy/],
  ['a scope too few', says('missing_scope'), 'unknown', null, /^wrong .*missing_scope.*scopes/],
  ['fatal_error', says('fatal_error'), 'unknown', null, /^wrong Slack says fatal_error.*later/],
  ['no network', new Error('fetch failed'), 'unknown', null, /^wrong Slack cannot be reached.*network/],
];

for (const [what, answer, kind, form, doctor] of cases) {
  test(`the form and doctor agree on a channel: ${what}`, async () => {
    const client = clientWith(answer);
    assert.equal((await channelAccess(client, 'C0OPS')).kind, kind);
    const sentence = await formSays(
      { urgent: client, clock: createFakeClock(), log: createLog('silent') } as never,
      'C0OPS',
    );
    if (form === null) assert.equal(sentence, null);
    else assert.match(sentence ?? '', form);
    const [finding, ...others] = await doctorSays(client, 'C0OPS', ['rule db']);
    assert.ok(finding && others.length === 0);
    assert.match(`${finding.state} ${finding.text} ${'remedy' in finding ? finding.remedy : ''}`, doctor);
  });
}

test('doctor says so if Slack does not return the scopes, and lists the needed ones', async () => {
  const test = async () => ({
    ok: true,
    user: 'voicecall',
    team: 'Ops',
    team_id: 'T0',
    response_metadata: {},
  });
  const findings = await checkBotToken({ auth: { test } } as never);
  assert.deepEqual(
    findings.map(({ state }) => state),
    ['ok', 'note'],
  );
  assert.match(JSON.stringify(findings[1]), /which scopes are granted.*chat:write/);
});

test('doctor does not blame the token for a page that is not Slack’s', async () => {
  const test = async () => {
    throw page;
  };
  const findings = await checkBotToken({ auth: { test } } as never);
  assert.match(JSON.stringify(findings), /not as Slack does.*proxy/);
  assert.doesNotMatch(JSON.stringify(findings), /DOCTYPE|Bot User OAuth/);
});
