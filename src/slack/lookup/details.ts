import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { readAudit } from '../../calls/request/audit.ts';
import { loadCalls } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { post, shownInTable } from '../../outbox/outbox.ts';
import type { SlackDeps } from '../context/deps.ts';
import { buttonValue, handlePress, isOwnOrApprover, requestOf, turnPage } from '../replies/press.ts';
import { pageSize, pagesOf } from '../words/callee-pages.ts';
import { eventLine } from '../words/event-line.ts';
import { detailsView } from './details-view.ts';

/**
 * Registers Details, which shows every result, in pages. Only the person who asked and the approvers see full
 * numbers.
 */
export function registerDetails(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_details', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const view = await details(deps, request, press.body.user.id, 0);
      await deps.urgent.views.open({ trigger_id: press.body.trigger_id, view });
      return null;
    });
  });

  for (const actionId of ['details_previous', 'details_next']) {
    app.action<BlockAction<ButtonAction>>(actionId, async (press) => {
      await handlePress(deps, press, () => turnPage(deps, press, details));
    });
  }
}

async function details(deps: SlackDeps, request: RequestView, userId: string, page: number) {
  const [calls, audit, full] = await Promise.all([
    loadCalls(deps.store.read, request.id, { page, size: pageSize }),
    readAudit(deps.store.read, request.id),
    isOwnOrApprover(deps, request, userId),
  ]);
  const fileSent = full && page === 0 && request.counts.callees > shownInTable;
  if (fileSent) await sendFullFile(deps, request, userId);
  return detailsView(request, calls, {
    masked: !full,
    page,
    pages: pagesOf(request.counts.callees),
    fileSent,
    history: page === 0 ? audit.map((event) => eventLine(event, deps.people.knownName)) : [],
    metadata: '',
    nameOf: deps.people.knownName,
  });
}

/** Sends a CSV file with full numbers to this person, at most once a minute. */
async function sendFullFile(deps: SlackDeps, request: RequestView, userId: string): Promise<void> {
  const now = deps.clock.now();
  await deps.store.transaction((tx) =>
    post(tx, now, {
      requestId: request.id,
      post: { kind: 'full', userId, minute: Math.floor(now / 60_000) },
      place: { channelId: userId },
    }),
  );
}
