import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { cached } from '../src/cached.ts';
import { within } from '../src/clock.ts';
import { createFakeClock } from './support/clock.ts';

suite('cached', () => {
  test('a value is loaded once for each key while it is fresh, also by callers at the same time', async () => {
    const clock = createFakeClock();
    const loads: string[] = [];
    const values = cached(clock, 1_000, async (key) => {
      loads.push(key);
      return `${key}${loads.length}`;
    });
    assert.equal(values.last('a'), null);
    assert.deepEqual(await Promise.all([values.get('a'), values.get('a'), values.get('b')]), [
      'a1',
      'a1',
      'b2',
    ]);
    await clock.advance(999);
    assert.equal(await values.get('a'), 'a1');
    await clock.advance(1);
    assert.equal(values.last('a'), 'a1');
    assert.equal(await values.get('a'), 'a3');
    assert.deepEqual(loads, ['a', 'b', 'a']);
  });

  test('null and errors are not kept', async () => {
    const answers = [null, new Error('down'), 'good'];
    const values = cached(createFakeClock(), 1_000, async () => {
      const answer = answers.shift() ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    });
    assert.equal(await values.get('a'), null);
    await assert.rejects(values.get('a'), /down/);
    assert.equal(await values.get('a'), 'good');
    assert.equal(await values.get('a'), 'good');
  });

  test('a value from a clock that was ahead is loaded again', async () => {
    let now = 1_000_000;
    let loads = 0;
    const values = cached({ now: () => now }, 1_000, async () => ++loads);
    await values.get('a');
    now = 500_000;
    assert.equal(await values.get('a'), 2);
  });
});

suite('within', () => {
  test('an answer in time is returned, and its error is thrown', async () => {
    const clock = createFakeClock();
    assert.equal(await within(clock, 100, Promise.resolve('yes'), 'late'), 'yes');
    await assert.rejects(within(clock, 100, Promise.reject(new Error('no')), 'late'), /no/);
  });

  test('a late answer is not waited for, and may fail later', async () => {
    const clock = createFakeClock();
    const { promise, reject } = Promise.withResolvers<string>();
    const answer = within(clock, 100, promise, 'late');
    await clock.advance(100);
    assert.equal(await answer, 'late');
    reject(new Error('no'));
    await promise.catch(() => {});
  });
});
