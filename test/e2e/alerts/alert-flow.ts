import assert from 'node:assert/strict';
import type { JsonObject, Poster, SandboxMessage } from '../../../sandbox/slack/types.ts';
import { messages } from '../../support/world.ts';
import { type Flow, shownText, soon } from '../flow.ts';

export const tool: Poster = { bot: 'B0OTHER' };

/** Alertmanager's format: everything in one attachment. */
export function alertmanager(state: string, name: string, labels = ''): JsonObject {
  const title = `[${state}] ${name}${labels === '' ? '' : ` (${labels})`}`;
  const color = state.startsWith('FIRING') ? 'danger' : 'good';
  return {
    text: '',
    attachments: [{ color, title, fallback: `${title} | http://am/#/alerts?receiver=slack` }],
  };
}

export const firing = (name: string, labels = '') => alertmanager('FIRING:1', name, labels);
export const resolved = (name: string, labels = '') => alertmanager('RESOLVED', name, labels);

export function post(flow: Flow, message: JsonObject | string, channel = 'C0ALERTS', poster = tool) {
  return flow.slack.postAs(poster, channel, message);
}

/** Every message of Voicecall under an alert. */
export function under(flow: Flow, alert: SandboxMessage): SandboxMessage[] {
  return messages(flow, alert.channel).filter(
    (each) => each.thread_ts === alert.ts && each.user === flow.slack.state.app.botUserId,
  );
}

export function boardsUnder(flow: Flow, alert: SandboxMessage): SandboxMessage[] {
  return under(flow, alert).filter((each) => each.metadata?.event_type === 'voicecall_request');
}

/** The first board under an alert. */
export async function boardUnder(flow: Flow, alert: SandboxMessage): Promise<SandboxMessage> {
  return await soon(flow, 'the board stands under the alert', () => boardsUnder(flow, alert)[0]);
}

/** Waits for a message with `words` under the alert. */
export async function said(flow: Flow, alert: SandboxMessage, words: string | RegExp): Promise<string> {
  return await soon(flow, `${words} under the alert`, () => {
    const texts = under(flow, alert).map(shownText);
    return texts.find((text) => (typeof words === 'string' ? text.includes(words) : words.test(text)));
  });
}

/** The calls that the platform made to a number. */
export function callsTo(flow: Flow, callee: string) {
  return flow.voice.calls.filter((call) => call.callee === callee);
}

export async function isCalled(flow: Flow, callee: string, times: number): Promise<void> {
  await soon(
    flow,
    `${callee} is called ${times} times, now ${callsTo(flow, callee).length}`,
    () => callsTo(flow, callee).length >= times,
    { stepMs: 5 },
  );
  assert.equal(callsTo(flow, callee).length, times);
}

/** Waits until every event for the app is stored and processed. */
export async function understood(flow: Flow): Promise<void> {
  await flow.slack.settled();
  const store = await flow.database.open();
  try {
    await soon(
      flow,
      'all alert events are dealt with',
      async () => {
        const open = await store.read
          .selectFrom('alert_events')
          .select('event_id')
          .where('processed_at', 'is', null)
          .executeTakeFirst();
        const dispatch = await store.read
          .selectFrom('submissions')
          .select('id')
          .where('state', 'in', ['ready', 'sending'])
          .where('tries', '=', 0)
          .executeTakeFirst();
        return open === undefined && dispatch === undefined;
      },
      { stepMs: 5 },
    );
  } finally {
    await store.close();
  }
}

/** Slack's delivery of a message to the app, found by its ts. */
export function deliveryOf(flow: Flow, ts: string) {
  const found = flow.slack.state.deliveries.findLast((each) => {
    const event = each.body.event;
    return typeof event === 'object' && event !== null && 'ts' in event && event.ts === ts;
  });
  assert.ok(found, 'the app was told of the message');
  return found;
}
