import { withCountriesOf } from '../../callees/countries.ts';
import type { Callee } from '../../callees/types.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { groupSize } from '../request/plan.ts';
import type { RequestRow } from '../request/rows.ts';
import { endedInVain, isReached } from '../request/standing.ts';
import { readAudio, readCountries, readRosters } from '../request/stored.ts';
import type { Audio, EarlierEnd, Plan, RosterNote } from '../request/types.ts';
import { cutIntoSubmissions } from '../sending/submissions.ts';
import { appendCalls, replaceOlder } from './attempts.ts';

/** The callees of a step and their audio: everything that needed a look-up. */
export interface ReadyStep {
  callees: Callee[];
  /** Null: the same audio as in the first step. */
  audio: Audio | null;
  /** Who could not be found, in words. Numbers are masked. */
  problems: string[];
  /** The rosters that the step uses. Absent: none. */
  rosters?: RosterNote[];
  /** The callees that only its rosters name. Absent: none. */
  onlyOnDuty?: readonly string[];
}

/** Looks up the callees of a step of a request's ladder. Null if the rule is no longer in the configuration. */
export type LookUpStep = (request: RequestRow, step: number) => Promise<ReadyStep | null>;

/**
 * Starts a step. Does not call those who were reached, those being called, and those whose last call is unknown. The
 * request is locked, and the step is the next one.
 */
export async function startStep(
  tx: Tx,
  deps: CallsDeps,
  request: RequestRow,
  { step, ready, plan, reached }: { step: number; ready: ReadyStep | null; plan: Plan; reached: number },
): Promise<void> {
  const now = deps.clock.now();
  const { callees: named, audio, problems } = ready ?? { callees: [], audio: null, problems: [] };
  const most = deps.config().limits.calleesPerRequest;
  const known = await knownCallees(tx, request.id, plan);
  const onlyOnDuty = new Set(ready?.onlyOnDuty);
  const callees = named.slice(0, most).filter(({ callee }) => known.get(callee)?.mayBeCalled ?? true);
  const last = await appendCalls(
    tx,
    { requestId: request.id, step },
    callees.map(({ callee, name }) => ({
      callee,
      name,
      earlier: known.get(callee)?.earlier ?? null,
      list_only: onlyOnDuty.has(callee) ? 1 : 0,
    })),
  );
  if (callees.length > 0) await replaceOlder(tx, request.id, last);
  const problem = problemOf({ named: named.length, called: callees.length, problems, most });
  await tx
    .insertInto('steps')
    .values({
      request_id: request.id,
      step,
      started_at: now,
      callees: callees.length,
      audio: audio === null ? null : toJson(audio),
      problem,
    })
    .execute();
  const added = callees.filter(({ callee }) => !known.has(callee));
  await tx
    .updateTable('requests')
    .set((eb) => ({
      ...{ step, step_started_at: now, changed_at: now, callees: eb('callees', '+', added.length) },
      countries: toJson(withCountriesOf(readCountries(request.countries), added)),
      ...rostersOf(request, step, ready?.rosters),
    }))
    .where('id', '=', request.id)
    .execute();
  await cutIntoSubmissions(tx, deps, request, {
    audio: audio ?? readAudio(request.audio),
    step,
    from: last + 1,
    // More people are called when these cannot be enough.
    calls: plan.enough === null ? callees.length : groupSize(plan.enough - reached),
  });
  await audit(tx, request.id, {
    at: now,
    actor: 'voicecall',
    action: `step ${step} started`,
    detail: { callees: callees.length, ...(problem === null ? {} : { problem }) },
  });
}

/** The rosters of this step, added to those of earlier steps. */
function rostersOf(request: RequestRow, step: number, notes: readonly RosterNote[] = []) {
  if (notes.length === 0) return {};
  return { rosters: toJson([...readRosters(request.rosters), ...notes.map((note) => ({ ...note, step }))]) };
}

function problemOf(of: { named: number; called: number; problems: string[]; most: number }): string | null {
  const { named, called, problems, most } = of;
  const words = [...problems];
  if (named > most) words.push(`it names ${named} people and one request may call ${most}`);
  if (called === 0 && named > 0)
    words.push('all of its people were reached, are being called already or wait for a limit');
  if (called === 0 && named === 0 && problems.length === 0) words.push('nobody is on its list');
  return words.length === 0 ? null : words.join('; ');
}

interface KnownCallee {
  mayBeCalled: boolean;
  earlier: EarlierEnd | null;
}

/** What is known of the request's callees so far. */
async function knownCallees(tx: Tx, requestId: string, plan: Plan): Promise<Map<string, KnownCallee>> {
  const rows = await tx
    .selectFrom('calls')
    .select(['callee', 'state', 'earlier', 'submit_code', 'cause'])
    .select([isReached(plan).as('reached'), endedInVain(plan).as('ended')])
    .where('request_id', '=', requestId)
    .where('superseded', '=', 0)
    .execute();
  return new Map(
    rows.map((row) => {
      // Never sent, and no person says otherwise. A callee who is held is called when the limit allows it, or never.
      const notCalled =
        row.state === 'failed' && row.submit_code === null && row.cause !== 'settled_not_called';
      const mayBeCalled = !row.reached && (Boolean(row.ended) || notCalled);
      const { state, earlier } = row;
      const best =
        state === 'answered' || earlier === 'answered'
          ? 'answered'
          : state === 'not_answered'
            ? state
            : earlier;
      return [row.callee, { mayBeCalled, earlier: best }];
    }),
  );
}
