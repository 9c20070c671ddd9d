import type { BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import type { View } from '@slack/types';
import { loadRequest } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { VoicecallError } from '../../errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { isApprover, mayCall } from '../context/permissions.ts';
import { answer, type RenderedMessage } from '../kit/blocks.ts';
import { decidedWords } from '../words/decided-words.ts';
import { type PrivateAnswer, tellPresser } from './reply.ts';

export type Press = SlackActionMiddlewareArgs<BlockAction<ButtonAction>>;

/** The button's value, which is an id. */
export function buttonValue(press: Press): string {
  return press.action.value ?? '';
}

/** Loads the request of a button. Throws VoicecallError not_found. */
export async function requestOf(deps: SlackDeps, requestId: string): Promise<RequestView> {
  const request = await loadRequest(deps.store.read, requestId);
  if (request === null) throw new VoicecallError('not_found', `no request ${requestId}`);
  return request;
}

/** True if this person asked for the request, or is an approver in the current configuration. */
export async function isOwnOrApprover(
  deps: SlackDeps,
  request: RequestView,
  userId: string,
): Promise<boolean> {
  if (request.requestedBy === userId) return true;
  return await isApprover(deps.people, deps.config(), userId);
}

/** The same, and everybody who may call people for an alert's request, because no person asked for it. */
export async function mayHandle(deps: SlackDeps, request: RequestView, userId: string): Promise<boolean> {
  if (await isOwnOrApprover(deps, request, userId)) return true;
  return request.origin === 'alert' && (await mayCall(deps.people, deps.config(), userId)) === null;
}

/**
 * Runs `act` and acknowledges the press after it, so that an acknowledged press is done. If `act` returns words, or
 * the request was decided already, only the person who pressed sees them. Other errors go on to `answerFailure`.
 */
export async function handlePress(
  deps: SlackDeps,
  press: Press,
  act: () => Promise<PrivateAnswer | null>,
): Promise<void> {
  let told: PrivateAnswer | null;
  try {
    told = await act();
  } catch (error) {
    if (!(error instanceof VoicecallError) || error.code !== 'already_decided') throw error;
    told = { text: decidedWords(error.facts) };
  }
  await press.ack();
  if (told !== null) await tellPresser(deps, press, told);
}

/** Shows another page of the view that has the button. The button's value is "request id:page". */
export async function turnPage(
  deps: SlackDeps,
  press: Press,
  render: (deps: SlackDeps, request: RequestView, userId: string, page: number) => Promise<View>,
): Promise<null> {
  const [requestId = '', page = '0'] = buttonValue(press).split(':');
  const request = await requestOf(deps, requestId);
  const view = await render(deps, request, press.body.user.id, Number(page) || 0);
  if (press.body.view !== undefined) {
    // Without a hash: the second of two quick presses shows a page too, instead of an error.
    await deps.urgent.views.update({ view_id: press.body.view.id, view });
  }
  return null;
}

export function expiredButtonAnswer(): RenderedMessage {
  return answer('This button has expired. Nothing was changed; `/voicecall status` shows what is under way.');
}
