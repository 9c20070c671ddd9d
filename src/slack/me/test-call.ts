import { maskNumber } from '../../callees/numbering-plan.ts';
import type { Callee } from '../../callees/types.ts';
import { approvalFor } from '../../calls/approval/policy.ts';
import { createRequest } from '../../calls/asking/create.ts';
import { findHeld } from '../../calls/sending/limits.ts';
import { type Config, callOptions } from '../../config/types.ts';
import { VoicecallError } from '../../errors.ts';
import { post } from '../../outbox/outbox.ts';
import { lockName } from '../../store/locks.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { Tx } from '../../store/types.ts';
import { requestPriority } from '../../store/values.ts';
import { calleeOptions } from '../asking/collect-callees.ts';
import { numberOfProfile } from '../asking/numbers-of-people.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { date, foreign, listWords } from '../kit/text.ts';
import { heldWords } from '../words/call-words.ts';

/** A second press within this time starts no second test call, in ms. */
const oneCallInMs = 2 * 60_000;

/** Marks the requests of test calls: no view's id begins like this. */
const rootPrefix = 'me:';

/**
 * Calls the number of the person's own profile with a short text, as an ordinary request. The board and the result
 * appear in the person's direct messages. Returns what to tell the person at once.
 */
export async function startTestCall(
  deps: SlackDeps,
  asked: { userId: string; triggerId: string },
): Promise<{ started: boolean; text: string }> {
  const { userId, triggerId } = asked;
  const config = deps.config();
  const refusal = await mayCall(deps.people, config, userId);
  if (refusal !== null) return { started: false, text: refusal };
  const own = await ownNumber(deps, userId);
  if ('problem' in own) return { started: false, text: own.problem };
  const { channel } = await deps.urgent.conversations.open({ users: userId });
  const channelId = channel?.id;
  if (channelId === undefined)
    throw new VoicecallError('slack_unavailable', 'conversations.open gave no channel', {
      facts: { method: 'conversations.open', error: 'no channel' },
    });
  const problem = await transactionReadBack(deps.store, (tx) =>
    makeRequest(tx, deps, { userId, callee: own.callee, channelId, rootViewId: `${rootPrefix}${triggerId}` }),
  );
  if (problem !== null) return { started: false, text: problem };
  const number = maskNumber(own.callee.callee);
  return {
    started: true,
    text: `Calling your phone (${number}) now. A direct message from the app tells you the result.`,
  };
}

async function ownNumber(deps: SlackDeps, userId: string): Promise<{ callee: Callee } | { problem: string }> {
  const person = await deps.people.person(userId);
  const how =
    'In Slack, open your profile, press *Edit* beside *Contact information*, and type your number with its country code under *Phone*, like `+65 9111 0001`. Then try again in a minute.';
  if (person === null || person.phone.trim() === '')
    return { problem: `Your Slack profile has no phone number, so nobody was called. ${how}` };
  const read = numberOfProfile(person, calleeOptions(deps.config()));
  if ('callee' in read) return { callee: read.callee };
  return {
    problem: `The phone number in your Slack profile ${foreign(read.why, 300)}, so nobody was called. ${how}`,
  };
}

/** Null: the request was made. Else why not. */
async function makeRequest(
  tx: Tx,
  deps: SlackDeps,
  ask: { userId: string; callee: Callee; channelId: string; rootViewId: string },
): Promise<string | null> {
  const { userId, callee, channelId, rootViewId } = ask;
  const now = deps.clock.now();
  await lockName(tx, `${rootPrefix}${userId}`);
  const before = await tx
    .selectFrom('requests')
    .select('root_view_id')
    .where('requested_by', '=', userId)
    .where('created_at', '>', now - oneCallInMs)
    .where('root_view_id', 'like', `${rootPrefix}%`)
    .where('state', 'in', ['approved', 'sending', 'sent'])
    .executeTakeFirst();
  if (before !== undefined)
    return before.root_view_id === rootViewId
      ? null
      : 'Your test call is under way already: see your direct messages with the app.';
  const [held] = await findHeld(tx, deps.config(), [callee.callee], now, null);
  if (held !== undefined) return `Your phone was not called: ${heldWords(held.code, held.nextAt, date)}.`;
  const needed = await approvalFor(tx, forOneself(deps.config()), {
    requestedBy: userId,
    callees: [callee],
    attempts: 1,
    everyMs: 0,
    now,
    wallAt: deps.clock.wallOf(now),
  });
  if (needed !== null)
    return `Calls to your number need approval (${foreign(listWords(needed.reasons, 3), 300)}), so nobody was called. Ask for one with \`/voicecall\`.`;
  const request = await createRequest(tx, deps, {
    teamId: deps.identity.teamId,
    origin: 'person',
    requestedBy: userId,
    rootViewId,
    channelId,
    askedIn: channelId,
    audio: { kind: 'text', text: testText(deps.config()), language: 'EN' },
    options: callOptions(deps.config().voice),
    note: '',
    callees: [callee],
    duplicates: 0,
    approval: null,
    priority: requestPriority.person,
    onUnknown: 'hold',
    // The person calls their own phone now, so the hours do not apply.
    anyHour: true,
  });
  await post(tx, now, { requestId: request.id, post: { kind: 'tested' }, place: { channelId } });
  return null;
}

/**
 * The configuration for a test call: the limits on people and on the time of day need no approval, because the person
 * calls their own phone. Other reasons for approval stay, such as the country.
 */
function forOneself(config: Config): Config {
  if (config.approval === undefined) return config;
  return { ...config, approval: { ...config.approval, calleesOver: undefined, between: undefined } };
}

function testText({ reach }: Config): string {
  return `This is a test. Voicecall calls you because you asked for it in Slack. Press ${reach.confirmKey ?? '1'}, then hang up.`;
}
