import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LogLevel, WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import { startSlack } from '../../sandbox/slack/slack.ts';
import type { SandboxOptions, SandboxSlack } from '../../sandbox/slack/types.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function setup(options: SandboxOptions = {}, token = 'xoxb-sandbox') {
  const slack: SandboxSlack = await startSlack(options);
  stops.push(() => slack.stop());
  const client = new WebClient(token, {
    slackApiUrl: slack.url,
    logLevel: LogLevel.ERROR,
    logger: {
      debug() {},
      info() {},
      warn() {},
      error() {},
      setLevel() {},
      getLevel: () => LogLevel.ERROR,
      setName() {},
    },
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 2000,
  });
  return { slack, client };
}

/** The error string of a call. */
async function errorOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('should have been refused'),
    (thrown: unknown) => thrown,
  );
  return (error as { data?: { error: string } }).data?.error ?? String(error);
}

const modal = (title = 'Call') => ({
  type: 'modal' as const,
  title: { type: 'plain_text' as const, text: title },
  blocks: [{ type: 'divider' as const }],
});

/** A trigger from a person's command; nobody answers the command itself. */
const trigger = async (slack: SandboxSlack): Promise<string> =>
  (await slack.command('U0ASHA', 'C0OPS', '')).triggerId;

test('auth.test names the app; tokens and scopes are checked', async () => {
  const { slack, client } = await setup({ scopes: ['chat:write'] });
  const auth = await client.auth.test();
  assert.equal(auth.bot_id, 'B0VOICECALL');
  assert.deepEqual(auth.response_metadata?.scopes, ['chat:write']);
  const wrong = new WebClient('xoxb-wrong', { slackApiUrl: slack.url });
  assert.equal(await errorOf(wrong.auth.test()), 'invalid_auth');
  const failure = await client.users.info({ user: 'U0ASHA' }).catch((error: unknown) => error);
  const { data } = failure as { data: Record<string, unknown> };
  assert.deepEqual([data.error, data.needed, data.provided], ['missing_scope', 'users:read', 'chat:write']);
  assert.equal(await errorOf(client.apiCall('nonsense.method')), 'unknown_method: nonsense.method');
});

test('where a message may not be posted', async () => {
  const { slack, client } = await setup();
  const post = (channel: string, extra: object = {}) =>
    client.chat.postMessage({ channel, text: 'x', ...extra });
  assert.equal(await errorOf(post('C0RANDOM')), 'not_in_channel');
  assert.equal(await errorOf(post('C0SECRET')), 'channel_not_found');
  assert.equal(await errorOf(post('C0NOWHERE')), 'channel_not_found');
  slack.setArchived('C0OPS', true);
  assert.equal(await errorOf(post('C0OPS')), 'is_archived');
  slack.setArchived('C0OPS', false);
  assert.equal(await errorOf(post('C0OPS', { thread_ts: '1.000001' })), 'thread_not_found');
  assert.equal(await errorOf(post('C0OPS', { text: '' })), 'no_text');
  assert.equal(await errorOf(post('C0OPS', { blocks: [{ type: 'banner' }] })), 'invalid_blocks');
  const direct = await post('U0ASHA');
  assert.equal(direct.channel, 'D0ASHA');
});

test('update: text without blocks removes them, metadata stays; only own messages', async () => {
  const { slack, client } = await setup();
  const metadata = { event_type: 'e', event_payload: { id: 'r1' } };
  const { ts } = await client.chat.postMessage({
    channel: 'C0OPS',
    text: 'a',
    blocks: [{ type: 'divider' }],
    metadata,
  });
  await client.chat.update({ channel: 'C0OPS', ts: ts ?? '', text: 'b' });
  const now = slack.history('C0OPS')[0];
  assert.deepEqual([now?.text, now?.blocks, now?.metadata, now?.edits], ['b', undefined, metadata, 1]);
  const foreign = slack.postAs({ user: 'U0BEN' }, 'C0OPS', 'mine').ts;
  assert.equal(
    await errorOf(client.chat.update({ channel: 'C0OPS', ts: foreign, text: 'x' })),
    'cant_update_message',
  );
  assert.equal(
    await errorOf(client.chat.update({ channel: 'C0OPS', ts: '1.1', text: 'x' })),
    'message_not_found',
  );
  const history = await client.conversations.history({ channel: 'C0OPS', include_all_metadata: true });
  assert.deepEqual(history.messages?.[1]?.metadata, metadata);
  const plain = await client.conversations.history({ channel: 'C0OPS' });
  assert.equal(plain.messages?.[1]?.metadata, undefined);
});

test('threads: replies in order, in pages; the history leaves them out', async () => {
  const { client } = await setup();
  const { ts = '' } = await client.chat.postMessage({ channel: 'C0OPS', text: 'parent' });
  for (const text of ['1', '2', '3'])
    await client.chat.postMessage({ channel: 'C0OPS', text, thread_ts: ts });
  const first = await client.conversations.replies({ channel: 'C0OPS', ts, limit: 2 });
  assert.deepEqual(
    first.messages?.map((message) => message.text),
    ['parent', '1', '2'],
  );
  const cursor = first.response_metadata?.next_cursor ?? '';
  const rest = await client.conversations.replies({ channel: 'C0OPS', ts, limit: 2, cursor });
  assert.deepEqual(
    rest.messages?.map((message) => message.text),
    ['parent', '3'],
  );
  const history = await client.conversations.history({ channel: 'C0OPS' });
  assert.deepEqual(
    history.messages?.map((message) => message.text),
    ['parent'],
  );
});

test('a trigger works once and for a short time; hash and stack are checked', async () => {
  const { slack, client } = await setup({ triggerLifeMs: 60_000 });
  const id = await trigger(slack);
  const opened = await client.views.open({ trigger_id: id, view: modal() });
  assert.equal(await errorOf(client.views.open({ trigger_id: id, view: modal() })), 'exchanged_trigger_id');
  assert.equal(await errorOf(client.views.open({ trigger_id: 'no', view: modal() })), 'invalid_trigger_id');
  const { id: view_id = '', hash = '' } = opened.view ?? {};
  await client.views.update({ view_id, hash, view: modal('Two') });
  assert.equal(await errorOf(client.views.update({ view_id, hash, view: modal() })), 'hash_conflict');
  for (let depth = 2; depth <= 3; depth += 1)
    await client.views.push({ trigger_id: await trigger(slack), view: modal() });
  const fourth = client.views.push({ trigger_id: await trigger(slack), view: modal() });
  assert.equal(await errorOf(fourth), 'push_limit_reached');
  assert.equal(
    await errorOf(client.views.open({ trigger_id: await trigger(slack), view: modal('x'.repeat(25)) })),
    'invalid_arguments',
  );
});

test('an old trigger is refused', async () => {
  const { slack, client } = await setup({ triggerLifeMs: -1 });
  const late = client.views.open({ trigger_id: await trigger(slack), view: modal() });
  assert.equal(await errorOf(late), 'expired_trigger_id');
});

test('rate limits: one post a second and channel, with Retry-After', async () => {
  const { slack, client } = await setup({ rateLimits: true });
  const results = await Promise.allSettled(
    ['1', '2', '3', '4'].map((text) => client.chat.postMessage({ channel: 'C0OPS', text })),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, 2);
  const reason = refused[0]?.reason as unknown;
  assert.ok(reason instanceof WebAPIRateLimitedError);
  assert.equal(reason.retryAfter, 1);
  await client.chat.postMessage({ channel: 'C0ALERTS', text: 'another channel' });
  slack.setRateLimits(false);
  await client.chat.postMessage({ channel: 'C0OPS', text: '5' });
});

test('faults: drop_after does the work, drop_before does not; counted down', async () => {
  const { slack, client } = await setup();
  const post = (text: string) => client.chat.postMessage({ channel: 'C0OPS', text });
  slack.fault({ method: 'chat.postMessage', times: 1, kind: 'drop_after' });
  await assert.rejects(post('after'));
  slack.fault({ method: 'chat.postMessage', channel: 'C0OPS', times: 1, kind: 'drop_before' });
  await client.chat.postMessage({ channel: 'C0ALERTS', text: 'elsewhere' });
  await assert.rejects(post('before'));
  slack.fault({ method: '*', times: 1, kind: '500' });
  await assert.rejects(post('500'));
  slack.fault({ method: 'chat.postMessage', times: 1, kind: 'error', error: 'fatal_error' });
  assert.equal(await errorOf(post('error')), 'fatal_error');
  slack.fault({ method: 'chat.postMessage', times: 1, kind: 'hang', delayMs: 30 });
  await assert.rejects(post('hang'));
  await post('ok');
  assert.deepEqual(
    slack.history('C0OPS').map((message) => message.text),
    ['after', 'ok'],
  );
  assert.equal(slack.state.callsLog.filter((call) => call.answer === null).length, 3);
});

test('a fault that is counted lasts until it is used, however fast the clock runs', async (t) => {
  const { slack, client } = await setup();
  let ms = Date.now();
  t.mock.method(Date, 'now', () => ++ms);
  slack.fault({ method: 'chat.postMessage', times: 3, kind: 'error', error: 'fatal_error' });
  for (let call = 0; call < 3; call++)
    assert.equal(await errorOf(client.chat.postMessage({ channel: 'C0OPS', text: 'x' })), 'fatal_error');
});

test('uploadV2 uploads a file into a thread, and only the token downloads it', async () => {
  const { slack, client } = await setup();
  const { ts = '' } = await client.chat.postMessage({ channel: 'C0OPS', text: 'parent' });
  await client.files.uploadV2({
    channel_id: 'C0OPS',
    thread_ts: ts,
    initial_comment: 'the results',
    filename: 'results.csv',
    file: Buffer.from('callee,termination\n'),
  });
  const reply = slack.history('C0OPS')[1];
  assert.equal(reply?.thread_ts, ts);
  const id = reply?.file_ids[0] ?? '';
  const info = await client.files.info({ file: id });
  assert.equal(info.file?.mimetype, 'text/csv');
  const url = info.file?.url_private ?? '';
  const signIn = await fetch(url);
  assert.equal(signIn.headers.get('content-type'), 'text/html');
  const got = await fetch(url, { headers: { authorization: 'Bearer xoxb-sandbox' } });
  assert.equal(await got.text(), 'callee,termination\n');
  const again = client.files.completeUploadExternal({ files: [{ id, title: 'x' }] });
  assert.equal(await errorOf(again), 'file_already_completed');
});

test('people, groups and channels as the app sees them', async () => {
  const { client } = await setup();
  const { user } = await client.users.info({ user: 'U0BEN', include_locale: true });
  assert.equal(user?.profile?.phone, '+91 98765 43211');
  assert.equal(await errorOf(client.users.info({ user: 'U0NOBODY' })), 'user_not_found');
  const group = await client.usergroups.users.list({ usergroup: 'S0OPS' });
  assert.deepEqual(group.users, ['U0ASHA', 'U0BEN']);
  const { channel } = await client.conversations.info({ channel: 'C0RANDOM' });
  assert.equal(channel?.is_member, false);
  assert.equal(await errorOf(client.conversations.history({ channel: 'C0RANDOM' })), 'not_in_channel');
  const names = (await client.conversations.list({ types: 'public_channel' })).channels?.map(
    (item) => item.name,
  );
  assert.deepEqual(names, ['ops', 'alerts', 'approvals', 'random']);
});
