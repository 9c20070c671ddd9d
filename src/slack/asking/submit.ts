import type { App, ViewSubmitAction } from '@slack/bolt';
import { countCountries } from '../../callees/countries.ts';
import { forbiddenCall } from '../../callees/forbidden.ts';
import { clockTime } from '../../callees/hours.ts';
import type { Callee } from '../../callees/types.ts';
import { approvalFor } from '../../calls/approval/policy.ts';
import { createRequest } from '../../calls/asking/create.ts';
import { lastReached } from '../../calls/request/last-reached.ts';
import type { NewRequest } from '../../calls/request/types.ts';
import { partedByHours } from '../../calls/sending/hours.ts';
import { findHeld, type Held } from '../../calls/sending/limits.ts';
import type { Config } from '../../config/types.ts';
import { transactionReadBack } from '../../store/read-back.ts';
import type { Tx } from '../../store/types.ts';
import { requestPriority } from '../../store/values.ts';
import { describeCode } from '../../voice/codes.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayCall } from '../context/permissions.ts';
import { people, utc } from '../kit/text.ts';
import { problemView } from '../replies/problem-view.ts';
import { partedWords } from '../words/hours-words.ts';
import { checkCall } from './check-call.ts';
import { collectCallees } from './collect-callees.ts';
import { confirmView, smallGroup } from './confirm-view.ts';
import { type Draft, loadDraft, saveDraft } from './drafts.ts';
import { stillMissed } from './redial.ts';
import { readCallMetadata } from './view-metadata.ts';

/** Registers what happens when the form's views are submitted. */
export function registerSubmissions(app: App, deps: SlackDeps): void {
  registerCall(app, deps);
  registerConfirm(app, deps);
}

/** The first view: checks the form, stores a draft, and shows what will happen. Nobody is called yet. */
function registerCall(app: App, deps: SlackDeps): void {
  app.view<ViewSubmitAction>('voicecall', async ({ ack, body, view }) => {
    const metadata = readCallMetadata(view.private_metadata);
    const checked = await checkCall(deps, view.state.values, metadata, body.user.id);
    if (checked.errors !== null) {
      await ack({ response_action: 'errors', errors: onExistingBlocks(view.blocks, checked.errors) });
      return;
    }
    const { draft, doubts, notOnPhone, own } = checked;
    const now = deps.clock.now();
    const wallAt = deps.clock.wallOf(now);
    const preview = await transactionReadBack(deps.store, async (tx) => {
      const draftId = await saveDraft(tx, {
        rootViewId: view.root_view_id ?? view.id,
        teamId: teamOf(deps, body),
        userId: body.user.id,
        data: draft,
        now,
      });
      const callees = draft.callees.map((each) => each.callee);
      return {
        draftId,
        approval: await approvalFor(tx, deps.config(), {
          requestedBy: body.user.id,
          callees: draft.callees,
          attempts: draft.plan?.attempts ?? 1,
          everyMs: draft.plan?.everyMs ?? 0,
          now,
          wallAt: draft.whenAt ?? wallAt,
        }),
        // For a later time, what the limits will allow is not known yet.
        held: draft.whenAt === null ? await findHeld(tx, deps.config(), callees, now, null) : [],
        reached: await lastReached(tx, deps.tokenSecret, callees.slice(0, smallGroup)),
      };
    });
    // Asked for now, so that the approvers' card can show it.
    if (preview.approval !== null) deps.balance.refresh();
    await ack({
      response_action: 'push',
      view: confirmView({
        ...draft,
        own,
        wallAt,
        countries: countCountries(draft.callees),
        doubts,
        notOnPhone,
        approval: preview.approval,
        askedBy: body.user.id,
        hours: hoursWords(draft, deps.config(), draft.whenAt ?? wallAt),
        held: heldWords(preview.held),
        metadata: preview.draftId,
        nameOf: deps.people.knownName,
        defaults: deps.config().voice,
        reached: { at: preview.reached, now },
      }),
    });
  });
}

/**
 * The second view: its button starts the calls. One opened modal makes one request, even if Slack sends the press
 * twice.
 */
function registerConfirm(app: App, deps: SlackDeps): void {
  app.view<ViewSubmitAction>('voicecall_confirm', async ({ ack, body, view }) => {
    const userId = body.user.id;
    const refusal = await mayCall(deps.people, deps.config(), userId);
    if (refusal !== null) {
      await ack({ response_action: 'update', view: problemView(refusal) });
      return;
    }
    const shown = {
      draftId: view.private_metadata,
      rootViewId: view.root_view_id ?? view.id,
      userId,
    };
    const onDuty = await onDutyNow(deps, shown);
    // The request is unique by its root view's id, so a second run makes no second request.
    const done = await transactionReadBack(deps.store, async (tx) => {
      const kept = await loadDraft(tx, shown);
      if (kept === null) return 'too_old';
      const { rootViewId } = kept;
      const asked = await isAsked(tx, rootViewId);
      const draft = { ...kept.draft, ...onDuty };
      if (draft.again && draft.previousId !== null && !asked) {
        draft.callees = await stillMissed(tx, draft.previousId, draft.callees);
        if (draft.callees.length === 0) return 'called_again';
      }
      const now = deps.clock.now();
      const wallAt = deps.clock.wallOf(now);
      if (draft.whenAt !== null && draft.whenAt <= wallAt && !asked) return 'time_passed';
      const callees = allowedNow(draft, deps.config());
      // Callees that the configuration forbids now are held, so they need no approval.
      const approval =
        callees.length === 0
          ? null
          : await approvalFor(tx, deps.config(), {
              requestedBy: userId,
              callees,
              attempts: draft.plan?.attempts ?? 1,
              everyMs: draft.plan?.everyMs ?? 0,
              now,
              wallAt: draft.whenAt ?? wallAt,
            });
      await createRequest(tx, deps, {
        ...requestFrom(draft),
        teamId: teamOf(deps, body),
        requestedBy: userId,
        rootViewId,
        approval,
      });
      return 'asked';
    });
    if (done === 'asked') await ack({ response_action: 'clear' });
    else await ack({ response_action: 'update', view: problemView(problems[done]) });
  });
}

/** Words about who would be called and who would wait for the hours at `wallAt` (ms). */
function hoursWords({ callees, whenAt }: Draft, { hours }: Config, wallAt: number): string | null {
  if (hours === undefined) return null;
  const called = whenAt === null ? 'now' : 'then';
  return partedWords(partedByHours(callees, hours, wallAt), clockTime(hours.fromMinute), called);
}

/**
 * Looks up who is on duty again, because that may have changed since the form was checked. Returns the changed parts
 * of the draft; null if nothing changes.
 */
async function onDutyNow(
  deps: SlackDeps,
  shown: Parameters<typeof loadDraft>[1],
): Promise<Pick<Draft, 'callees' | 'lists' | 'rosters'> | null> {
  if (Object.keys(deps.config().rosters).length === 0) return null;
  const kept = await loadDraft(deps.store.read, shown);
  if (kept === null || kept.draft.rosters.length === 0 || kept.draft.whenAt !== null) return null;
  const { callees, lists, rosters } = kept.draft;
  const names = rosters.map(({ roster }) => roster);
  const now = await collectCallees(deps, { text: '', lists: names, people: [], fileUrl: null });
  if (now.callees.length === 0) return null;
  const onlyBefore = new Set(lists?.only);
  const others = callees.filter(({ callee }) => !onlyBefore.has(callee));
  const known = new Set(others.map(({ callee }) => callee));
  const added = now.callees.filter(({ callee }) => !known.has(callee));
  return {
    callees: [...others, ...added],
    lists: { names, only: added.map(({ callee }) => callee) },
    rosters: now.rosters,
  };
}

const problems = {
  too_old:
    'This form is too old: what was filled in is kept for a day. Nobody was called. Type /voicecall and fill it in again.',
  called_again:
    'Somebody else has asked for these people since you opened this form, or they were reached after all. This form called nobody: see the newest message about them in the channel.',
  time_passed:
    'The time that you chose has passed. Nobody was called. Type /voicecall and choose a later one, or none to call at once.',
};

/**
 * True if the request exists. Slack may send the same press twice, the second time after the chosen time has passed, or
 * when its own request calls the people who were to be called again.
 */
async function isAsked(tx: Tx, rootViewId: string): Promise<boolean> {
  const asked = await tx
    .selectFrom('requests')
    .select('id')
    .where('root_view_id', '=', rootViewId)
    .executeTakeFirst();
  return asked !== undefined;
}

/** Sentences about the limits that would hold calls now. */
function heldWords(held: readonly Held[]): string[] {
  return [...Map.groupBy(held, (each) => each.code)].map(([code, those]) => {
    const nextAt = Math.min(...those.map((each) => each.nextAt));
    return `${people(those.length)} would be held back now: ${describeCode(code).meaning} Next possible at ${utc(nextAt)}.`;
  });
}

/** Checked again, because the configuration may have changed since the form was checked. */
function allowedNow({ callees, options }: Draft, config: Config): Callee[] {
  return callees.filter(
    ({ callee }, index) => forbiddenCall({ callee, place: index + 1, options }, config) === null,
  );
}

function requestFrom(draft: Draft): Omit<NewRequest, 'teamId' | 'requestedBy' | 'rootViewId' | 'approval'> {
  return {
    ...draft,
    origin: draft.previousId === null ? 'person' : 'redial',
    priority: requestPriority.person,
    onUnknown: 'hold',
  };
}

function teamOf(deps: SlackDeps, body: { team: { id: string } | null }): string {
  return body.team?.id ?? deps.identity.teamId;
}

/** Slack refuses an error for a block that the view does not have, so such an error moves to an input that exists. */
function onExistingBlocks(
  blocks: readonly { block_id?: string; type: string }[],
  errors: Record<string, string>,
): Record<string, string> {
  const inputs = blocks.filter((block) => block.type === 'input').map((block) => block.block_id ?? '');
  const placed: Record<string, string> = {};
  for (const [blockId, text] of Object.entries(errors)) {
    const place = inputs.includes(blockId)
      ? blockId
      : (inputs.find((id) => id === 'callee') ?? inputs[0] ?? blockId);
    placed[place] = placed[place] === undefined ? text : `${placed[place]}\n${text}`;
  }
  return placed;
}
