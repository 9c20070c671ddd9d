import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { ask, boardNow, boards, eventually, recording, startWorld } from '../../support/world.ts';

const hour = 3_600_000;

/** A machine's clock that a test sets. */
function createSetClock(): Clock & { set(byMs: number): void } {
  let by = 0;
  return {
    ...systemClock,
    now: () => Date.now() + by,
    set(byMs) {
      by += byMs;
    },
  };
}

suite('a clock that is set while the app runs', () => {
  for (const [name, stepMs] of [
    ['an hour ahead', hour],
    ['three hours back', -3 * hour],
  ] as const)
    test(`${name}: nobody is called twice, one board, and the next request is called at once`, async () => {
      const clock = createSetClock();
      const lines: string[] = [];
      const log = createLog('warn', { sink: { write: (line) => lines.push(line) } });
      const world = await startWorld({ clock, log });
      try {
        world.voice.faults.always({ delayMs: 1_500 });
        const asking = ask(world, { callee: '919000000001\n919000000002' });
        await eventually('it is being sent', () => world.voice.calls.length > 0 || boards(world).length > 0);
        clock.set(stepMs);
        const first = await asking;
        await eventually('the first is done', () => boardNow(world, first).state === 'done');
        world.voice.faults.clear();
        const second = await ask(world, { callee: '919000000003' });
        await eventually('the second is done', () => boardNow(world, second).state === 'done');
        clock.set(-stepMs);
        await world.restart();
        const third = await ask(world, { callee: '919000000004' });
        await eventually('the third is done', () => boardNow(world, third).state === 'done');
        const called = world.voice.calls.map((call) => call.callee).sort();
        assert.deepEqual(called, ['919000000001', '919000000002', '919000000003', '919000000004']);
        assert.equal(boards(world).length, 3);
        assert.ok(lines.some((line) => line.includes('the clock was set')));
      } finally {
        await world.stop();
      }
    });

  test('corrected by three hours: an alert is not treated as late', async () => {
    const clock = createSetClock();
    clock.set(3 * hour);
    const config = `
country: IN
recordings: { fire-drill: ${recording} }
rules:
  - { name: all, channels: [C0ALERTS], match: { status: [any] }, call: ["+919800000001"], recording: fire-drill }
`;
    const world = await startWorld({ clock, config });
    try {
      clock.set(-3 * hour);
      await world.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', { text: 'something broke' });
      await eventually('somebody is called', () => world.voice.calls.length > 0);
    } finally {
      await world.stop();
    }
  });
});
