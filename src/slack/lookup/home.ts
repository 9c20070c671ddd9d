import type { App } from '@slack/bolt';
import { listRequests, loadRequests } from '../../calls/request/read.ts';
import type { RequestState, RequestView } from '../../calls/request/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { isApprover, mayCall } from '../context/permissions.ts';
import { callerNumbers } from '../words/caller-numbers.ts';
import { homeView } from './home-view.ts';
import { alertsCalling } from './lists.ts';

/** Registers the Home tab. It is drawn each time a person opens it. */
export function registerHome(app: App, deps: SlackDeps): void {
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab !== 'home') return;
    const approver = await isApprover(deps.people, deps.config(), event.user);
    const [refusal, recent, scheduled, open, alerts] = await Promise.all([
      mayCall(deps.people, deps.config(), event.user),
      load(deps, { userId: event.user, open: false }),
      load(deps, { userId: event.user, open: true, state: 'scheduled' }),
      approver ? load(deps, { userId: null, open: true }) : [],
      alertsCalling(deps, event.user),
    ]);
    const waiting = open.filter((request) => waitsFor(request, event.user));
    await deps.urgent.views.publish({
      user_id: event.user,
      view: homeView({
        mayCall: refusal === null,
        approver,
        contactCard: callerNumbers(deps.config()).length > 0,
        recent,
        scheduled,
        waiting,
        alerts,
        nameOf: deps.people.knownName,
      }),
    });
  });
}

/** True if an approver can still approve it: not their own request, unless configured, and not one they approved. */
function waitsFor({ state, approval, requestedBy, decisions }: RequestView, userId: string): boolean {
  if (state !== 'awaiting_approval' || decisions.some((each) => each.userId === userId)) return false;
  return requestedBy !== userId || approval?.allowSelfApproval === true;
}

async function load(
  deps: SlackDeps,
  scope: { userId: string | null; open: boolean; state?: RequestState },
): Promise<RequestView[]> {
  const { ids } = await listRequests(deps.store.read, { ...scope, page: 0, size: 10 });
  return await loadRequests(deps.store.read, ids);
}
