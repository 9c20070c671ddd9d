import { createExpirer, createReminder } from './calls/approval/deadline.ts';
import { createStarter } from './calls/asking/start.ts';
import { createReacher } from './calls/reaching/reach.ts';
import { createPoller } from './calls/results/poll.ts';
import { createReconciler } from './calls/results/reconcile.ts';
import { createReportApplier } from './calls/results/reports.ts';
import { createDispatcher } from './calls/sending/dispatch.ts';
import { createResender } from './calls/sending/resend.ts';
import { createConfirmer } from './paging/confirmed.ts';
import type { TaskKind } from './queue/kinds.ts';
import type { TaskHandler } from './queue/types.ts';
import { createRetention } from './retention.ts';
import { createRosterKeeper } from './rosters/keep.ts';
import { createCooldownWatch } from './slack/alerts/cooldown.ts';
import { createDutyLookUp } from './slack/alerts/duty-look-up.ts';
import { createPeopleLearner } from './slack/alerts/learned-people.ts';
import { createMissedReader } from './slack/alerts/missed.ts';
import { createAlertReader } from './slack/alerts/read-events.ts';
import { createSilenceWatch } from './slack/alerts/silence.ts';
import { createStepLookUp } from './slack/alerts/step-look-up.ts';
import { createCheckAgain } from './slack/asking/check-again.ts';
import type { SlackDeps } from './slack/context/deps.ts';
import { createDeliverer } from './slack/outbox/deliver.ts';
import { createEditor } from './slack/outbox/edit.ts';
import { createRecordingUploader } from './slack/recordings/upload.ts';

/** The handler of each kind of task, and how many of them one instance runs at once. */
export function taskHandlers(deps: SlackDeps): Record<TaskKind, { concurrency: number; run: TaskHandler }> {
  return {
    dispatch: { concurrency: 16, run: createDispatcher(deps) },
    reach: { concurrency: 16, run: createReacher(deps, createStepLookUp(deps), createDutyLookUp(deps)) },
    confirmed: { concurrency: 2, run: createConfirmer(deps) },
    reports: { concurrency: 1, run: createReportApplier(deps) },
    resend: { concurrency: 1, run: createResender(deps) },
    reconcile: { concurrency: 1, run: createReconciler(deps) },
    poll: { concurrency: 2, run: createPoller(deps) },
    scheduled: { concurrency: 4, run: createStarter(deps, createCheckAgain(deps)) },
    expire: { concurrency: 2, run: createExpirer(deps) },
    remind: { concurrency: 1, run: createReminder(deps) },
    alerts: { concurrency: 1, run: createAlertReader(deps) },
    'alerts.missed': { concurrency: 1, run: onceKnown(deps, createMissedReader(deps)) },
    people: { concurrency: 1, run: createPeopleLearner(deps) },
    'alerts.cooldown': { concurrency: 32, run: createCooldownWatch(deps) },
    'alerts.silence': { concurrency: 1, run: createSilenceWatch(deps) },
    'slack.deliver': { concurrency: 8, run: onceKnown(deps, createDeliverer(deps)) },
    'slack.edit': { concurrency: 2, run: onceKnown(deps, createEditor(deps)) },
    recording: { concurrency: 1, run: createRecordingUploader(deps) },
    rosters: { concurrency: 1, run: createRosterKeeper(deps, deps.people.byMail) },
    retention: { concurrency: 1, run: createRetention(deps) },
  };
}

/** Nothing is posted before Slack has told us who we are: we could not recognise an earlier post as ours. */
function onceKnown(deps: SlackDeps, run: TaskHandler): TaskHandler {
  return async (task, lease) =>
    deps.identity.botUserId === '' ? { againAt: deps.clock.now() + 1_000 } : await run(task, lease);
}
