import assert from 'node:assert/strict';
import { freeAllTasks } from '../../src/queue/leases.ts';
import type { Store } from '../../src/store/types.ts';
import type { Stage } from '../support/child.ts';
import { eventually, messages, patienceMs } from '../support/world.ts';

/** Numbers from a seed (mulberry32), so that a failed run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** CRASH_SEED, or a new seed. It is printed, so that a failed run can be repeated. */
export function seedOfRun(say: (line: string) => void): number {
  const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
  say(`seed ${seed} (CRASH_SEED)`);
  return seed;
}

/** `count` Indian mobile numbers that no other test calls. */
export function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => String(919800000000 + from + index));
}

export interface Account {
  /** Calls by state. */
  states: Record<string, number>;
  calls: number;
  /** Callees whose calls are unknown. */
  unknown: string[];
  requests: number;
}

/** The state of all calls in the database. */
export async function account(store: Store): Promise<Account> {
  const rows = await store.read.selectFrom('calls').select(['state', 'callee']).execute();
  const requests = await store.read.selectFrom('requests').select('id').execute();
  const states: Record<string, number> = {};
  for (const { state } of rows) states[state] = (states[state] ?? 0) + 1;
  const unknown = rows.filter((row) => row.state === 'unknown').map((row) => row.callee);
  return { states, calls: rows.length, unknown, requests: requests.length };
}

/**
 * Waits until nothing is running, then checks what must hold after any crash: no callee is in two POSTs, every callee
 * is counted, and only callees who were never called are still unknown.
 */
export async function settled(stage: Stage, callees: readonly string[]): Promise<Account> {
  const store = await stage.database.open();
  const dialled = () => new Set(stage.voice.calls.map((call) => call.callee));
  const open = ['ready', 'sending', 'accepted'];
  const until = performance.now() + patienceMs;
  for (;;) {
    const { states, unknown } = await account(store);
    const ended = open.every((state) => states[state] === undefined);
    if (ended && unknown.every((callee) => !dialled().has(callee))) break;
    if (performance.now() > until)
      assert.fail(`not settled within ${patienceMs} ms: ${JSON.stringify(states)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const now = await account(store);
  assert.equal(now.calls, callees.length, 'every callee has one call');
  assertNobodyTwice(stage);
  const missing = callees.filter((callee) => !dialled().has(callee) && !now.unknown.includes(callee));
  assert.deepEqual(missing, [], 'who was not dialled is told as unknown');
  assert.deepEqual(stage.voice.violations, []);
  return now;
}

/** Promise 2: a callee is in at most one POST, accepted or not, and is called at most once. */
export function assertNobodyTwice(stage: Stage): void {
  const posted = stage.voice.requests
    .filter((request) => /send(Group|Code)$/.test(request.path))
    .flatMap((request) => String(request.body?.callee ?? '').split(','));
  assert.equal(new Set(posted).size, posted.length, 'nobody is in two POSTs');
  const called = stage.voice.calls.map((call) => call.callee);
  assert.equal(new Set(called).size, called.length, 'nobody is called twice');
}

/** The channel has the board and the results of each request once. */
export async function assertShownOnce(stage: Stage, requests: number, channel = 'C0OPS'): Promise<void> {
  const of = (type: string) =>
    messages(stage, channel)
      .filter((each) => each.metadata?.event_type === type)
      .map((each) => String(each.metadata?.event_payload.request_id));
  await eventually('all results are shown', () => of('voicecall_results').length >= requests);
  for (const type of ['voicecall_request', 'voicecall_results']) {
    const ids = of(type);
    assert.equal(ids.length, requests, `${type} once for each request`);
    assert.equal(new Set(ids).size, requests, `no ${type} twice`);
  }
}

/** As if the restart came 8 s later: the leases of a dead process have lapsed. */
export async function lapseLeases(store: Store): Promise<void> {
  await store.transaction((tx) => freeAllTasks(tx, store.dialect));
}
