import assert from 'node:assert/strict';
import type { FieldValues, SandboxMessage } from '../../../sandbox/slack/types.ts';
import { ask, messages, recording } from '../../support/world.ts';
import { type Flow, shownText, soon } from '../flow.ts';

/** The usual configuration with this `approval` key. */
export function configWith(approval: string): string {
  return `
country: IN
voice: { loopCount: 2, maxDuration: 50, submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
lists: { db-oncall: ["+91 85632 14120", "+91 85632 13000"] }
approval: ${approval}
`;
}

export const byBen = configWith('{ calleesOver: 2, approvers: [U0BEN, S0LEADS], channel: C0APPROVE }');

export const three = '+91 85632 14121\n+91 85632 14122\n+65 9111 0001\n+91 85632 14121';

export interface Waiting {
  board: SandboxMessage;
  card: SandboxMessage;
  id: string;
}

/** Asks to call three people, and waits for the approvers' card. */
export async function askForApproval(
  flow: Flow,
  values: FieldValues = {},
  { user = 'U0ASHA', channel = 'C0OPS', cardIn = 'C0APPROVE' } = {},
): Promise<Waiting> {
  const board = await ask(flow, { callee: three, calledInfo: 'fire <drill>', ...values }, { user, channel });
  const id = String(board.metadata?.event_payload.request_id);
  const card = await soon(flow, 'the card', () => cardOf(flow, id, cardIn));
  return { board, card, id };
}

/** The current card of a request. */
export function cardOf(flow: Flow, id: string, channel = 'C0APPROVE'): SandboxMessage | undefined {
  return messages(flow, channel).find(
    (each) =>
      each.metadata?.event_type === 'voicecall_reply' &&
      /\bRequest `/.test(shownText(each)) &&
      shownText(each).includes(id),
  );
}

/** Waits until the card shows something. */
export async function cardShows(flow: Flow, waiting: Waiting, pattern: RegExp): Promise<string> {
  return await soon(flow, `the card shows ${pattern}`, () => {
    const card = cardOf(flow, waiting.id, waiting.card.channel);
    const text = card === undefined ? '' : shownText(card);
    return pattern.test(text) ? text : undefined;
  });
}

export async function pressCard(flow: Flow, user: string, { card }: Waiting, actionId: string) {
  const result = await flow.slack.press(user, card.channel, card.ts, actionId);
  assert.equal(result.outcome, 'ok', result.shown ?? '');
  return result;
}

/** Presses a button on the card. Returns the private answer. */
export async function pressAlone(
  flow: Flow,
  user: string,
  waiting: Waiting,
  actionId: string,
): Promise<string> {
  const before = flow.slack.ephemerals(user).length;
  await pressCard(flow, user, waiting, actionId);
  return await alone(flow, user, before);
}

export async function alone(flow: Flow, user: string, before: number): Promise<string> {
  return await soon(flow, `${user} is told`, () => {
    const told = flow.slack.ephemerals(user);
    assert.ok(told.length <= before + 1, 'told once');
    return told.length > before ? shownText(told.at(-1) ?? {}) : undefined;
  });
}

/** Sends an earlier press again, like Slack's retry or a button on an old screen. */
export async function pressAgain(flow: Flow, deliveryId: string, user: string): Promise<string> {
  const before = flow.slack.ephemerals(user).length;
  const result = await flow.slack.redeliver(deliveryId);
  assert.equal(result.outcome, 'ok');
  return await alone(flow, user, before);
}

export function buttonsOf(message: SandboxMessage | undefined): string[] {
  return [...JSON.stringify(message?.blocks ?? []).matchAll(/"action_id":"([^"]+)"/g)].map(
    ([, id]) => id ?? '',
  );
}

/** The direct messages of Voicecall to a person. */
export function directsTo(flow: Flow, user: string): string[] {
  const ims = [...flow.slack.state.channels.values()].filter((each) => each.is_im && each.user === user);
  return [...ims.map((each) => each.id), user].flatMap((id) =>
    (flow.slack.state.messages.get(id) ?? []).map(shownText),
  );
}

/** The private answer to `/voicecall …`. */
export async function command(flow: Flow, user: string, text: string): Promise<string> {
  const { reply } = await flow.slack.command(user, 'C0OPS', text);
  assert.ok(reply, text);
  return shownText(reply);
}
