import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { startSlack } from '../../sandbox/slack/slack.ts';
import type { SandboxOptions, SandboxSlack } from '../../sandbox/slack/types.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function sandbox(options: SandboxOptions = {}): Promise<SandboxSlack> {
  const slack = await startSlack(options);
  stops.push(() => slack.stop());
  return slack;
}

/** A real Bolt app behind HTTPReceiver. */
async function boltApp(slack: SandboxSlack, signingSecret = 'sandbox-signing-secret'): Promise<App> {
  const receiver = new HTTPReceiver({ signingSecret, logLevel: LogLevel.ERROR });
  const app = new App({
    token: 'xoxb-sandbox',
    receiver,
    deferInitialization: true,
    convoStore: false,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.url, retryConfig: { retries: 0 } },
  });
  await app.init();
  const server = await receiver.start(0);
  stops.push(() => app.stop());
  slack.setRequestUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  return app;
}

const text = (value: string) => ({ type: 'plain_text' as const, text: value });
const callee = {
  type: 'input' as const,
  block_id: 'callee',
  label: text('Callees'),
  element: { type: 'plain_text_input' as const, action_id: 'value', max_length: 20 },
};
const people = {
  type: 'input' as const,
  block_id: 'people',
  optional: true,
  label: text('People'),
  element: { type: 'multi_users_select' as const, action_id: 'value' },
};
const form = {
  type: 'modal' as const,
  callback_id: 'voicecall',
  title: text('Call'),
  submit: text('Next'),
  blocks: [callee, people],
};
const review = {
  type: 'modal' as const,
  callback_id: 'voicecall_confirm',
  title: text('Check'),
  submit: text('Call'),
  blocks: [{ type: 'section' as const, text: text('Sure?') }],
};

test('command, form, field errors, second view, clear', async () => {
  const slack = await sandbox();
  const app = await boltApp(slack);
  const seen: unknown[] = [];
  app.command('/voicecall', async ({ ack, body, client }) => {
    seen.push(body.text);
    await client.views.open({ trigger_id: body.trigger_id, view: form });
    await ack();
  });
  app.view('voicecall', async ({ ack, view }) => {
    const typed = view.state.values.callee?.value?.value;
    seen.push(view.state.values.people?.value?.selected_users);
    if (typed === 'bad') await ack({ response_action: 'errors', errors: { callee: 'Not a number.' } });
    else await ack({ response_action: 'push', view: review });
  });
  app.view('voicecall_confirm', async ({ ack, view }) => {
    seen.push(view.root_view_id !== view.id && view.previous_view_id === view.root_view_id);
    await ack({ response_action: 'clear' });
  });

  const opened = await slack.command('U0ASHA', 'C0OPS', 'a & b @ben @ops-team #alerts');
  assert.equal(opened.outcome, 'ok');
  assert.equal(seen[0], 'a &amp; b <@U0BEN|ben> <!subteam^S0OPS|@ops-team> <#C0ALERTS|alerts>');
  const view = slack.state.views.get('U0ASHA')?.at(-1);
  assert.ok(view);

  const refused = await slack.submitView('U0ASHA', view.id);
  assert.deepEqual(refused.errors, { callee: 'Please complete this required field.' });
  assert.equal(refused.action, 'refused');
  assert.equal((await slack.submitView('U0ASHA', view.id, { callee: 'x'.repeat(21) })).action, 'refused');

  const bad = await slack.submitView('U0ASHA', view.id, { callee: 'bad', people: ['U0BEN'] });
  assert.equal(bad.action, 'errors');
  assert.deepEqual(bad.errors, { callee: 'Not a number.' });

  const pushed = await slack.submitView('U0ASHA', view.id, { callee: '+911' });
  assert.equal(pushed.action, 'pushed');
  assert.equal(slack.state.views.get('U0ASHA')?.length, 2);
  assert.ok(pushed.view);
  const cleared = await slack.submitView('U0ASHA', pushed.view.id);
  assert.equal(cleared.action, 'cleared');
  assert.deepEqual(slack.state.views.get('U0ASHA'), []);
  assert.deepEqual(seen.slice(1), [['U0BEN'], ['U0BEN'], true]);
});

test('errors for a block that is no input keep the form open and say so', async () => {
  const slack = await sandbox();
  const app = await boltApp(slack);
  app.command('/voicecall', async ({ ack, body, client }) => {
    await client.views.open({ trigger_id: body.trigger_id, view: form });
    await ack();
  });
  app.view('voicecall', ({ ack }) => ack({ response_action: 'errors', errors: { nowhere: 'x' } }));
  await slack.command('U0ASHA', 'C0OPS', '');
  const view = slack.state.views.get('U0ASHA')?.at(-1);
  const result = await slack.submitView('U0ASHA', view?.id ?? '', { callee: '1' });
  assert.equal(result.action, 'kept');
  assert.match(result.shown ?? '', /trouble connecting/);
});

test('no acknowledgement in time is operation_timeout; only the asker sees the ephemeral answer', async () => {
  const slack = await sandbox({ ackTimeoutMs: 150 });
  const app = await boltApp(slack);
  app.command('/slow', async () => undefined);
  app.command('/voicecall', ({ ack }) => ack('usage'));
  const late = await slack.command('U0ASHA', 'C0OPS', '', '/slow');
  assert.equal(late.outcome, 'operation_timeout');
  assert.equal(late.shown, '/slow failed with the error "operation_timeout"');
  const quick = await slack.command('U0ASHA', 'C0OPS', 'help');
  assert.equal(quick.reply?.text, 'usage');
  assert.equal(slack.ephemerals('U0ASHA').length, 1);
  assert.equal(slack.history('C0OPS').length, 0);
});

test('what one person was shown comes oldest first, in any order of channels', async () => {
  const slack = await sandbox();
  const app = await boltApp(slack);
  app.command('/voicecall', ({ ack, body }) => ack(`answer to ${body.text}`));
  for (const [channel, words] of [
    ['C0APPROVE', 'first'],
    ['C0OPS', 'second'],
    ['C0APPROVE', 'third'],
  ] as const)
    await slack.command('U0BEN', channel, words);
  assert.deepEqual(
    slack.ephemerals('U0BEN').map((each) => each.text),
    ['answer to first', 'answer to second', 'answer to third'],
  );
});

test('a wrong signing secret is refused by Bolt', async () => {
  const slack = await sandbox();
  await boltApp(slack, 'another-secret');
  const result = await slack.command('U0ASHA', 'C0OPS', '');
  assert.equal(result.status, 401);
  assert.match(result.shown ?? '', /dispatch_failed/);
});

test('a press reaches the app, respond() replaces, response_url ends after five uses', async () => {
  const slack = await sandbox();
  const app = await boltApp(slack);
  app.action('call_approve', async ({ ack, respond, body, action }) => {
    await ack();
    assert.equal(body.type === 'block_actions' && action.type === 'button' && action.value, 'r1');
    for (let use = 0; use < 5; use += 1) await respond({ text: `use ${use}`, replace_original: true });
    await assert.rejects(async () => respond({ text: 'sixth' }));
  });
  const button = { type: 'button', action_id: 'call_approve', value: 'r1', text: text('Approve') };
  const posted = await app.client.chat.postMessage({
    channel: 'C0APPROVE',
    text: 'Approve?',
    blocks: [{ type: 'actions', elements: [button] }] as never,
  });
  const pressed = await slack.press('U0BEN', 'C0APPROVE', posted.ts ?? '', 'call_approve');
  assert.equal(pressed.outcome, 'ok');
  while (slack.history('C0APPROVE')[0]?.text !== 'use 4')
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(slack.history('C0APPROVE')[0]?.blocks, undefined);
  const sixth = await fetch(pressed.responseUrl ?? '', { method: 'POST', body: '{"text":"x"}' });
  assert.equal(sixth.status, 404);
});

test('message events reach members only, edits come as message_changed, and failures are retried', async () => {
  const slack = await sandbox({ eventRetryDelaysMs: [0, 10, 20] });
  const got: { headers: unknown; body: { event_id: string; event: Record<string, unknown> } }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(got.length < 3 ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  stops.push(async () => server.close());
  slack.setRequestUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

  slack.postAs({ user: 'U0ASHA' }, 'C0RANDOM', 'unheard');
  const hook = slack.createWebhook('C0ALERTS', 'Alertmanager');
  const payload = {
    attachments: [{ title: 'T', text: '', fallback: 'see http://a.example/x', color: 'danger' }],
  };
  const answer = await fetch(hook.url, { method: 'POST', body: JSON.stringify(payload) });
  assert.equal(await answer.text(), 'ok');
  await slack.settled();
  assert.deepEqual(
    got.map((item) => (item.headers as Record<string, string>)['x-slack-retry-num']),
    [undefined, '1', '2'],
  );
  assert.equal(new Set(got.map((item) => item.body.event_id)).size, 1);
  const event = got[2]?.body.event ?? {};
  assert.equal(event.subtype, 'bot_message');
  assert.equal(event.user, undefined);
  assert.deepEqual(event.attachments, [
    { id: 1, title: 'T', fallback: 'see <http://a.example/x>', color: 'a30200' },
  ]);

  const ts = slack.history('C0ALERTS')[0]?.ts ?? '';
  slack.editAs({ webhook: hook.botId }, 'C0ALERTS', ts, { text: 'resolved' });
  await slack.settled();
  const changed = got[3]?.body.event ?? {};
  assert.equal(changed.subtype, 'message_changed');
  assert.equal((changed.message as { ts: string }).ts, ts);
  assert.notEqual(changed.ts, ts);
});

test('Socket Mode: commands, events and acknowledgements use the socket', async () => {
  const slack = await sandbox();
  const receiver = new SocketModeReceiver({
    appToken: 'xapp-sandbox',
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions: { slackApiUrl: slack.url } },
  });
  const app = new App({
    token: 'xoxb-sandbox',
    receiver,
    deferInitialization: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.url },
  });
  const events: unknown[] = [];
  app.command('/voicecall', ({ ack }) => ack({ text: 'over the socket' }));
  app.message(async ({ message }) => {
    events.push('text' in message ? message.text : undefined);
  });
  await app.init();
  await app.start();
  stops.push(() => app.stop());
  assert.equal(slack.socketCount(), 1);
  const result = await slack.command('U0ASHA', 'C0OPS', 'status');
  assert.equal(result.reply?.text, 'over the socket');
  slack.postAs({ user: 'U0BEN' }, 'C0ALERTS', 'hello');
  await slack.settled();
  assert.deepEqual(events, ['hello']);
  assert.ok(slack.state.deliveries.every((delivery) => delivery.transport === 'socket'));
});

test('the control API controls it from another process', async () => {
  const slack = await sandbox();
  const app = await boltApp(slack);
  app.command('/voicecall', ({ ack }) => ack('hi'));
  const control = async (name: string, body: unknown) => {
    const init = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${slack.origin}/control/${name}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const done = await control('command', { user: 'U0ASHA', channel: 'C0OPS', text: 'x' });
  assert.equal(done.body.outcome, 'ok');
  assert.equal((await control('command', { user: 'U0ASHA' })).status, 400);
  assert.equal((await control('nothing', {})).status, 400);
  const state = await (await fetch(`${slack.origin}/control/state`)).json();
  assert.equal((state as { messages: { C0OPS: unknown[] } }).messages.C0OPS.length, 1);
});
