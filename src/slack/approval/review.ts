import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { loadCalls } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayApprove } from '../context/permissions.ts';
import { buttonValue, handlePress, isOwnOrApprover, requestOf, turnPage } from '../replies/press.ts';
import { pageSize, pagesOf } from '../words/callee-pages.ts';
import { hoursOfOpen } from './hours.ts';
import { anyHourAction, reviewView } from './review-view.ts';

/**
 * Registers the review, which shows what a request asks for, in pages. Only the person who asked and the approvers
 * see full numbers.
 */
export function registerReview(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_review', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const view = await review(deps, request, press.body.user.id, 0);
      await deps.urgent.views.open({ trigger_id: press.body.trigger_id, view });
      return null;
    });
  });

  // Nothing to do now: Approve reads the box.
  app.action(anyHourAction, async ({ ack }) => await ack());

  for (const actionId of ['review_previous', 'review_next']) {
    app.action<BlockAction<ButtonAction>>(actionId, async (press) => {
      await handlePress(deps, press, () => turnPage(deps, press, review));
    });
  }
}

/** The review for this person; `page` is counted from 0. `notice` is the outcome of a decision made in it. */
export async function review(
  deps: SlackDeps,
  request: RequestView,
  userId: string,
  page: number,
  notice?: string,
) {
  const [calls, full] = await Promise.all([
    loadCalls(deps.store.read, request.id, { page, size: pageSize }),
    isOwnOrApprover(deps, request, userId),
  ]);
  const approvers = request.approval?.approvers ?? [];
  const own = request.requestedBy === userId && request.approval?.allowSelfApproval !== true;
  const mayDecide = !own && (await mayApprove(deps.people, deps.config(), approvers, userId)) === null;
  const now = deps.clock.wallOf(deps.clock.now());
  const hours = await hoursOfOpen(deps, request, now);
  return reviewView(request, calls, {
    masked: !full,
    page,
    pages: pagesOf(request.counts.callees),
    mayDecide,
    ...(hours === null ? {} : { hours }),
    ...(notice === undefined ? {} : { notice }),
    callsAt: request.whenAt ?? now,
    seen: request.hash.slice(0, 16),
    nameOf: deps.people.knownName,
    metadata: '',
  });
}
