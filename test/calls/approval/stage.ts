import assert from 'node:assert/strict';
import { createExpirer, createReminder, startApprovalClock } from '../../../src/calls/approval/deadline.ts';
import { approvalFor } from '../../../src/calls/approval/policy.ts';
import { createRequest } from '../../../src/calls/asking/create.ts';
import type { CallsDeps } from '../../../src/calls/request/deps.ts';
import type { NewRequest } from '../../../src/calls/request/types.ts';
import { createDispatcher } from '../../../src/calls/sending/dispatch.ts';
import type { Clock } from '../../../src/clock.ts';
import { readConfig } from '../../../src/config/file.ts';
import type { Config } from '../../../src/config/types.ts';
import { VoicecallError } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import { createWorker, type Worker } from '../../../src/queue/worker.ts';
import type { Store } from '../../../src/store/types.ts';
import type { SendGroupRequest, SendResult, VoiceClient } from '../../../src/voice/types.ts';

/** A configuration with approval; its other keys are YAML. */
export function configWith(approval: string, rest = ''): Config {
  const { config, faults } = readConfig(
    `country: IN\nvoice: { submit: { concurrency: 1, perSecond: 200 } }\napproval: ${approval}\n${rest}`,
    'voicecall.yaml',
  );
  assert.deepEqual(faults, []);
  assert.ok(config);
  return config;
}

export const always = '{ calleesOver: 0, approvers: [U0BEN, U0CARA], expiresAfter: 2m }';

/** `count` Indian numbers, or the same number with another prefix. */
export function calleesOf(count: number, prefix = '9185632'): NewRequest['callees'] {
  return Array.from({ length: count }, (_, index) => ({
    callee: `${prefix}${String(10_000 + index)}`,
    name: null,
  }));
}

/** A voice platform that accepts everything and keeps what it was sent. */
export function createVoiceStub(
  posts: string[][],
  onPost: (request: SendGroupRequest) => Promise<void> = async () => {},
): VoiceClient {
  return {
    async sendGroup(request): Promise<SendResult> {
      posts.push(request.callees);
      await onPost(request);
      return {
        outcome: 'answered',
        code: '0',
        reason: 'success',
        rows: request.callees.map((callee) => ({
          callee,
          outcome: 'accepted',
          voiceId: `v${callee}`,
          terminationCode: '0',
          terminationReason: null,
        })),
      };
    },
    async sendCode() {
      assert.fail('nothing is spoken here');
    },
    async fileUpload() {
      throw new Error('nothing is uploaded here');
    },
    fileQuery: async () => [],
    recordGroup: async () => null,
    recordGroupQuery: async () => {},
    getBalance: async () => null,
    clockOffset: () => 0,
    close: async () => {},
  };
}

export function createDeps(some: {
  store: Store;
  clock: Clock;
  config: () => Config;
  voice: VoiceClient;
  instance?: string;
}): CallsDeps {
  return {
    log: createLog('silent'),
    tokenSecret: 'secret',
    reportsExpected: true,
    instance: 'i1',
    ...some,
  };
}

/** The worker for the tasks of a request that waits for approval and is sent. Without Slack. */
export function createApprovalWorker(deps: CallsDeps, pollMs = 10_000): Worker {
  return createWorker({
    ...deps,
    pollMs,
    handlers: {
      dispatch: { concurrency: 4, run: createDispatcher(deps) },
      expire: { concurrency: 1, run: createExpirer(deps) },
      remind: { concurrency: 1, run: createReminder(deps) },
    },
  });
}

/** Makes a request like the form does, with its card already in Slack. Returns its id. */
export async function request(deps: CallsDeps, some: Partial<NewRequest> = {}): Promise<string> {
  return await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    const ask: NewRequest = {
      teamId: 'T0',
      origin: 'person',
      requestedBy: 'U0ASHA',
      channelId: 'C0OPS',
      askedIn: 'C0OPS',
      audio: { kind: 'recording', fileId: 'drill.mp3', name: 'drill' },
      options: { loopCount: 2 },
      note: 'fire drill',
      callees: calleesOf(3),
      duplicates: 0,
      approval: null,
      priority: 5,
      onUnknown: 'hold',
      ...some,
    };
    const approval = await approvalFor(tx, deps.config(), {
      ...ask,
      attempts: ask.plan?.attempts ?? 1,
      everyMs: ask.plan?.everyMs ?? 0,
      now,
      wallAt: now,
    });
    const { id } = await createRequest(tx, deps, { ...ask, approval });
    if (approval !== null) await startApprovalClock(tx, id, now);
    return id;
  });
}

/** The result of a promise: its value, or the code and facts of its VoicecallError. */
export async function outcomeOf(promise: Promise<object>): Promise<Record<string, unknown>> {
  try {
    return { ...(await promise) };
  } catch (error) {
    if (!(error instanceof VoicecallError)) throw error;
    return { code: error.code, ...error.facts };
  }
}

export async function stateOf(store: Store, requestId: string): Promise<string> {
  const row = await store.read
    .selectFrom('requests')
    .select('state')
    .where('id', '=', requestId)
    .executeTakeFirstOrThrow();
  return row.state;
}
