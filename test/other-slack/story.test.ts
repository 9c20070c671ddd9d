// The main story, an approval and an alert with a Slack emulator by others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import { createApp, type VoicecallApp } from '../../src/app.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { createLog } from '../../src/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/store.ts';
import { configOf, eventually, recording, reportToken } from '../support/world.ts';
import { type Message, type OtherSlack, startOtherSlack } from './other-slack.ts';

describe('a Slack emulator by others', () => {
  let slack: OtherSlack;
  let voice: VoicePlatform;
  let database: TestDatabase;
  let app: VoicecallApp;
  before(async () => {
    slack = await startOtherSlack();
    voice = await startVoicePlatform({ ringAfterMs: 5, autoAnswerMs: 10, secondMs: 1, queueMs: 0 });
    database = await createTestDatabase('sqlite');
    const config = configOf(`
country: IN
voice: { submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
lists: { db-oncall: ["+91 85632 14120"] }
approval: { calleesOver: 1, approvers: [${slack.people.ben}], channel: ${slack.rooms.ops} }
rules:
  - name: db
    channels: [${slack.rooms.alerts}]
    match: { title: replica lag, from: [B0MON] }
    call: [db-oncall]
    say: "Database alert. {title}."
`);
    const { environment, faults } = readEnvironment({
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      VOICE_API_URL: voice.url,
      VOICE_API_KEY: voice.credentials.apiKey,
      VOICE_API_SECRET: voice.credentials.apiSecret,
      VOICE_APP_ID: voice.credentials.appId,
      VOICE_REPORT_TOKEN: reportToken,
      DATA_DIR: database.dataDir,
      PORT: '0',
      HOST: '127.0.0.1',
    });
    assert.deepEqual(faults, []);
    assert.ok(environment);
    app = await createApp({ environment, config: () => config, log: createLog('silent') });
    await app.start();
    slack.setRequestUrl(`http://127.0.0.1:${app.port()}/slack/events`);
    voice.setReportUrl(`http://127.0.0.1:${app.port()}/voice/reports/${reportToken}`);
  });
  after(async () => {
    await app.stop();
    await slack.stop();
    await voice.stop();
    await database.remove();
  });

  /** Types the command, fills in the form and confirms. Returns the new board. */
  async function ask(callee: string): Promise<Message> {
    const before = (await boards(slack.rooms.ops)).length;
    const shown = slack.calls.length;
    await slack.command(slack.people.asha, slack.rooms.ops, '');
    const form = await eventually('the form opens', () =>
      slack.calls.slice(shown).some(({ method }) => method === 'views.open') ? slack.lastView() : undefined,
    );
    const typed = { callee, fileId: recording, channel: slack.rooms.ops };
    const checked = await slack.submit(slack.people.asha, form, typed);
    assert.equal(checked.response_action, 'push', JSON.stringify(checked));
    const confirm = checked.view as typeof form;
    // The emulator does not handle `push` in answers; this is the view as Slack would show it.
    const stacked = { ...confirm, id: 'V0CONFIRM', root_view_id: form.root_view_id };
    const done = await slack.submit(slack.people.asha, stacked);
    assert.deepEqual(done, { response_action: 'clear' });
    return await eventually('the board is posted', async () => (await boards(slack.rooms.ops))[before]);
  }

  async function boards(channel: string, under?: string): Promise<Message[]> {
    const all = await slack.messages(channel, under);
    return all
      .filter((each) => each.metadata?.event_type === 'voicecall_request')
      .toSorted((a, b) => a.ts.localeCompare(b.ts));
  }

  async function becomes(channel: string, board: Message, state: string, under?: string): Promise<Message> {
    return await eventually(`the board becomes ${state}`, async () =>
      (await boards(channel, under)).find(
        (each) => each.ts === board.ts && each.metadata?.event_payload.state === state,
      ),
    );
  }

  test('a person calls one phone, and the thread shows the result', async () => {
    const board = await ask('+91 85632 14120');
    const done = await becomes(slack.rooms.ops, board, 'done');
    assert.equal(done.metadata?.event_payload.answered, 1);
    const results = await eventually('the results', async () =>
      (await slack.messages(slack.rooms.ops, board.ts)).find(
        (each) => each.metadata?.event_type === 'voicecall_results',
      ),
    );
    assert.equal(results.thread_ts, board.ts);
    assert.equal(voice.calls.length, 1);
  });

  test('two people need an approval; the approver presses, and the phones ring once', async () => {
    const before = voice.calls.length;
    const board = await ask('+91 85632 14120, +91 85632 13000');
    await becomes(slack.rooms.ops, board, 'awaiting_approval');
    const card = await eventually('the card', async () =>
      (await slack.messages(slack.rooms.ops)).find((each) =>
        JSON.stringify(each.blocks ?? []).includes('"call_approve"'),
      ),
    );
    assert.equal(voice.calls.length, before, 'nothing rings before the approval');
    await slack.press(slack.people.ben, slack.rooms.ops, card, 'call_approve');
    await slack.press(slack.people.ben, slack.rooms.ops, card, 'call_approve');
    const done = await becomes(slack.rooms.ops, board, 'done');
    assert.equal(done.metadata?.event_payload.answered, 2);
    assert.equal(voice.calls.length, before + 2);
  });

  test("an alert calls, and the board is in the alert's thread", async () => {
    const before = voice.calls.length;
    const ts = await slack.alert(slack.rooms.alerts, 'FIRING: replica lag on db1');
    const board = await eventually('the board', async () => (await boards(slack.rooms.alerts, ts))[0]);
    await becomes(slack.rooms.alerts, board, 'done', ts);
    assert.equal(voice.calls.length, before + 1);
  });

  test('Slack refused nothing that the app sent', () => {
    assert.deepEqual(slack.refused(), []);
    assert.deepEqual(voice.violations, []);
  });
});
