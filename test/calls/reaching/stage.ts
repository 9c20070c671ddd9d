import assert from 'node:assert/strict';
import { createRequest } from '../../../src/calls/asking/create.ts';
import type { LookUpDuty } from '../../../src/calls/reaching/hand-over.ts';
import { createReacher } from '../../../src/calls/reaching/reach.ts';
import type { LookUpStep } from '../../../src/calls/reaching/steps.ts';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import { loadRequest } from '../../../src/calls/request/read.ts';
import type { Ladder, NewRequest, Plan, RequestView } from '../../../src/calls/request/types.ts';
import { createReportApplier, storeReports } from '../../../src/calls/results/reports.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import { readConfig } from '../../../src/config/file.ts';
import type { Config } from '../../../src/config/types.ts';
import { readPost } from '../../../src/outbox/post.ts';
import { createConfirmer } from '../../../src/paging/confirmed.ts';
import type { Lease, TaskHandler } from '../../../src/queue/types.ts';
import type { Store, Tx } from '../../../src/store/types.ts';
import type { CallRecord, SendResult, VoiceClient } from '../../../src/voice/types.ts';
import type { FakeClock } from '../../support/clock.ts';
import { createDeps, createVoiceStub } from '../approval/stage.ts';

export const minute = 60_000;
export const lasting: Lease = { valid: () => true, signal: new AbortController().signal };

export function configOf(rest = ''): Config {
  const { config, faults } = readConfig(
    `country: IN\nvoice: { submit: { concurrency: 1, perSecond: 1000 } }\n${rest}
rules: [{ name: db, channels: [C0ALERTS], match: { from: [B0OTHER] }, call: ["+91 85632 10000"], say: x, onUnknown: hold }]\n`,
    'voicecall.yaml',
  );
  assert.deepEqual(faults, []);
  assert.ok(config);
  return config;
}

export const planWith = (some: Partial<Plan> = {}): Plan => ({
  ...{ until: 'confirmed', attempts: 2, everyMs: 3 * minute, enough: null, confirmKey: '1' },
  ...some,
});

export const ladderWith = (some: Partial<Ladder> = {}): Ladder => ({
  firstCall: ['oncall'],
  source: null,
  furtherSteps: [
    { afterMs: 5 * minute, call: ['leads'], say: null, recording: null },
    { afterMs: 10 * minute, call: ['cto'], say: null, recording: null },
  ],
  repeat: 0,
  ...some,
});

/** One POST of one callee, as the platform received it. */
export interface Placed {
  callee: string;
  voiceId: string;
  at: number;
}

/** Where a process dies: around its next commit after `after` others, or around its next POST. */
export interface Death {
  at: 'before the commit' | 'after the commit' | 'before the POST' | 'after the POST';
  after: number;
}

export class Died extends Error {}

/** Processes on one database, without Slack. A test says when their tasks run and when they die. */
export function createStage(store: Store, clock: FakeClock, lookUp: LookUpStep, lookUpDuty?: LookUpDuty) {
  const placed: Placed[] = [];
  let death: Death | null = null;
  let config = configOf();
  const dies = (at: Death['at']) => {
    if (death?.at !== at || death.after-- > 0) return;
    death = null;
    throw new Died(at);
  };
  const voice: VoiceClient = {
    ...createVoiceStub([]),
    async sendGroup({ callees }): Promise<SendResult> {
      dies('before the POST');
      const rows = callees.map((callee) => {
        const voiceId = `v${placed.length + 1}`;
        placed.push({ callee, voiceId, at: clock.now() });
        return {
          ...{ callee, outcome: 'accepted' as const, voiceId, terminationCode: '0', terminationReason: null },
        };
      });
      dies('after the POST');
      return { outcome: 'answered', code: '0', reason: 'success', rows };
    },
  };
  const mortal: Store = {
    ...store,
    async transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
      const result = await store.transaction(async (tx) => {
        const value = await run(tx);
        dies('before the commit');
        return value;
      });
      dies('after the commit');
      return result;
    },
  };
  let lives = 0;
  const live = () => {
    const deps = createDeps({ store: mortal, clock, config: () => config, voice, instance: `i${++lives}` });
    const handlers: Record<string, TaskHandler> = {
      dispatch: createDispatcher(deps),
      reports: createReportApplier(deps),
      reach: createReacher(deps, lookUp, lookUpDuty),
      confirmed: createConfirmer(deps),
    };
    return { deps, handlers };
  };
  let process = live();

  /** Runs what is due, one task after the other. A process that dies is replaced. */
  async function runDue(): Promise<void> {
    for (let runs = 0; runs < 500; runs++) {
      const task = await store.read
        .selectFrom('tasks')
        .selectAll()
        .where('kind', 'in', Object.keys(process.handlers))
        .where('run_at', '<=', clock.now())
        .orderBy('priority')
        .orderBy('run_at')
        .orderBy('kind')
        .limit(1)
        .executeTakeFirst();
      if (task === undefined) return;
      try {
        const { kind, key } = task;
        const result = await process.handlers[kind]?.({ kind, key, payload: null, attempts: 0 }, lasting);
        await store.transaction(async (tx) => {
          const asked = tx.updateTable('tasks').set({ revision: task.revision });
          const mine = (query: typeof asked) => query.where('kind', '=', kind).where('key', '=', key);
          const now = await tx
            .selectFrom('tasks')
            .select('revision')
            .where('kind', '=', kind)
            .where('key', '=', key)
            .executeTakeFirst();
          // Added again while it ran, so it runs once more.
          if (now?.revision !== task.revision) return void (await mine(asked).execute());
          if (result === undefined)
            await tx.deleteFrom('tasks').where('kind', '=', kind).where('key', '=', key).execute();
          else await mine(asked).set({ run_at: result.againAt }).execute();
        });
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        process = live();
      }
    }
    assert.fail('the tasks come to no end');
  }

  return {
    placed,
    runDue,
    deps: (): CallsDeps => process.deps,
    setConfig(next: Config) {
      config = next;
    },
    die(next: Death) {
      death = next;
    },
    immortal() {
      death = null;
    },
    /** Stores a report of a call, as if the platform had pushed it. */
    async report(voiceId: string, how: Partial<CallRecord>): Promise<void> {
      const callee = placed.find((each) => each.voiceId === voiceId)?.callee ?? null;
      await storeReports({ ...process.deps, store }, [{ ...unreported(voiceId, callee), ...how }]);
      await clock.advance(100);
    },
    async view(id: string): Promise<RequestView> {
      const view = await loadRequest(store.read, id);
      assert.ok(view);
      return view;
    },
    async rows(id: string) {
      return await store.read
        .selectFrom('calls')
        .selectAll()
        .where('request_id', '=', id)
        .orderBy('position')
        .execute();
    },
    /** What was said in plain words in the thread of its board. */
    async said(id: string): Promise<string[]> {
      const rows = await store.read
        .selectFrom('posts')
        .selectAll()
        .where('request_id', '=', id)
        .where('kind', '=', 'words')
        .orderBy('sequence')
        .execute();
      return rows.map(readPost).flatMap((post) => (post?.kind === 'words' ? [post.plain] : []));
    },
    async ask(some: Partial<NewRequest>): Promise<string> {
      return await store.transaction(async (tx) => {
        if (some.alertId) await addAlert(tx, some.alertId, clock.now());
        const { id } = await createRequest(tx, process.deps, {
          ...{ teamId: 'T0', origin: 'alert', requestedBy: null, ruleName: 'db', channelId: 'C0ALERTS' },
          ...{ audio: { kind: 'recording', fileId: 'drill.mp3', name: 'drill' }, options: {}, note: '' },
          ...{ callees: [], duplicates: 0, approval: null, priority: 0, onUnknown: 'hold' },
          ...some,
        });
        return id;
      });
    },
  };
}

async function addAlert(tx: Tx, id: string, now: number): Promise<void> {
  await tx
    .insertInto('alerts')
    .values({
      ...{ id, key: id, channel_id: 'C0ALERTS', bot_id: 'B0', identity: '{}', status: 'firing' },
      ...{ severity: null, title: 'lag', link: null, thread_ts: '1.1', last_ts: '1.1' },
      ...{ first_at: now, episode_at: now, last_at: now, acked_by: null, acked_at: null },
    })
    .execute();
  await tx
    .insertInto('rule_calls')
    .values({ rule_name: 'db', alert_id: id, called_at: now, request_id: null })
    .execute();
}

function unreported(voiceId: string, callee: string | null): CallRecord {
  return {
    ...{ voiceId, callee, calledInfo: null, submitTimeAt: null, callTimeAt: null, ringingTimeAt: null },
    ...{ answerTimeAt: null, hangupTimeAt: 1, callDuration: null, terminationCode: null },
    ...{ terminationReason: null, sipCode: null, callStatus: null, feedbackValue: null, outRecallCount: 0 },
    raw: {},
  };
}

export const busy: Partial<CallRecord> = { sipCode: '486', callStatus: '10' };
export const invalid: Partial<CallRecord> = { sipCode: '404', callStatus: '30' };
export const answered: Partial<CallRecord> = { sipCode: '200', callStatus: '50', callDuration: 5 };
export const pressed: Partial<CallRecord> = { ...answered, feedbackValue: '1', hangupTimeAt: 2 };

/** Numbers that nobody has. */
export function people(from: number, count = 1): { callee: string; name: string | null }[] {
  return Array.from({ length: count }, (_, index) => ({
    callee: `91856321${String(1000 + from + index)}`,
    name: `Person ${from + index}`,
  }));
}
