import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { clockTime } from '../../callees/hours.ts';
import { loadCallees, loadCalls } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { partedByHours } from '../../calls/sending/hours.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayApprove } from '../context/permissions.ts';
import { buttonValue, handlePress, isOwnOrApprover, requestOf, turnPage } from '../replies/press.ts';
import { pageSize, pagesOf } from '../words/callee-pages.ts';
import { partedWords } from '../words/hours-words.ts';
import { anyHourAction, reviewView } from './review-view.ts';

/** Review: what is asked for, paged. Only who asked and the approvers see full numbers. */
export function registerReview(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_review', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const view = await review(deps, request, press.body.user.id, 0);
      await deps.urgent.views.open({ trigger_id: press.body.trigger_id, view });
      return null;
    });
  });

  // It counts when Approve is pressed.
  app.action(anyHourAction, async ({ ack }) => await ack());

  for (const actionId of ['review_previous', 'review_next']) {
    app.action<BlockAction<ButtonAction>>(actionId, async (press) => {
      await handlePress(deps, press, () => turnPage(deps, press, review));
    });
  }
}

/** Who would be called and who would wait if it were approved now, or is when its time comes. */
async function hoursFact(deps: SlackDeps, request: RequestView): Promise<{ hours?: string }> {
  const { hours } = deps.config();
  if (hours === undefined || request.state !== 'awaiting_approval' || request.ruleName !== null) return {};
  const wallAt = Math.max(request.whenAt ?? 0, deps.clock.wallOf(deps.clock.now()));
  const parted = partedByHours(await loadCallees(deps.store.read, request.id), hours, wallAt);
  const words = partedWords(parted, clockTime(hours.fromMinute), request.whenAt === null ? 'now' : 'then');
  return words === null ? {} : { hours: words };
}

/** The review as this person may see it, at a page from 0; `notice` is what came of a decision just made in it. */
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
  return reviewView(request, calls, {
    masked: !full,
    page,
    pages: pagesOf(request.counts.callees),
    mayDecide,
    ...(await hoursFact(deps, request)),
    ...(notice === undefined ? {} : { notice }),
    seen: request.hash.slice(0, 16),
    metadata: '',
  });
}
