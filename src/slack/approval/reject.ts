import type { App, ViewSubmitAction } from '@slack/bolt';
import type { SlackDeps } from '../context/deps.ts';
import { textField } from '../kit/fields.ts';
import { requestOf } from '../replies/press.ts';
import { problemView } from '../replies/problem-view.ts';
import { takeDecision } from './decide.ts';
import { readRejectMetadata } from './reject-metadata.ts';

/** Registers the submission of the reject modal. */
export function registerReject(app: App, deps: SlackDeps): void {
  app.view<ViewSubmitAction>('voicecall_reject', async ({ ack, body, view }) => {
    const { requestId, seen } = readRejectMetadata(view.private_metadata);
    const request = await requestOf(deps, requestId);
    const reason = textField(view.state.values, 'reason').trim();
    if (reason === '') {
      await ack({ response_action: 'errors', errors: { reason: 'Say why: the person who asked reads it.' } });
      return;
    }
    const { taken, text } = await takeDecision(deps, request, {
      requestId,
      seenHash: seen,
      userId: body.user.id,
      decision: 'reject',
      reason: reason === '' ? null : reason,
    });
    if (taken) await ack({ response_action: 'clear' });
    else await ack({ response_action: 'update', view: problemView(text) });
  });
}
