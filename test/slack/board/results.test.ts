import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KnownBlock, TableBlock } from '@slack/types';
import fc from 'fast-check';
import type { CallView } from '../../../src/calls/request/types.ts';
import { renderBoard } from '../../../src/slack/board/board.ts';
import { renderCsv } from '../../../src/slack/board/csv.ts';
import { renderResults } from '../../../src/slack/board/results.ts';
import {
  anyCalls,
  anyRequest,
  assertMessage,
  call,
  counts,
  evilName,
  manyCalls,
  now,
  request,
  seen,
  submission,
} from '../samples.ts';

function tableOf(calls: CallView[], some: Parameters<typeof request>[0] = {}): string[][] {
  const message = renderResults(request({ counts: counts({ callees: calls.length }), ...some }), calls);
  assertMessage(message);
  return rowsOf(message);
}

function rowsOf(message: { blocks: KnownBlock[] }): string[][] {
  const table = message.blocks.find((block): block is TableBlock => block.type === 'table');
  return (table?.rows ?? []).map((row) => row.map((cell) => ('text' in cell ? cell.text : '')));
}

suite('results in the thread', () => {
  test('every result is within Slack’s limits', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, (any, calls) => {
        assertMessage(renderResults({ ...any, counts: { ...any.counts, callees: calls.length } }, calls));
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test('each person with masked number or name, result and key; those not reached first', () => {
    const rows = tableOf([
      call(),
      call({ callee: '6591110002', name: 'Asha', state: 'refused', submitCode: '-26', voiceId: null }),
      call({ callee: '6591110003', state: 'unknown', submitCode: null, cause: 'timeout', voiceId: null }),
      call({
        callee: '6591110004',
        state: 'answered',
        callStatus: '50',
        terminationCode: '200',
        callDuration: 13,
        feedbackValue: '1',
      }),
      call({
        callee: '6591110005',
        state: 'held',
        submitCode: null,
        cause: 'per_callee',
        heldUntil: 1_767_605_411_000,
        voiceId: null,
      }),
      call({ callee: '6591110006', name: '+65 9111 0006', state: 'not_answered', callStatus: '10' }),
      call({ callee: '6591110007', name: 'Ben', state: 'not_answered', callStatus: '40', position: 2 }),
    ]);
    assert.deepEqual(rows, [
      ['Who', 'Result', 'Key'],
      ['+65 …0006', 'Busy', '–'],
      ['Ben', 'Voicemail', '–'],
      ['+65 …0003', 'May have rung', '–'],
      ['+65 …0001', 'Calling', '–'],
      ['Asha', 'Refused by the platform', '–'],
      ['+65 …0005', 'Held back until 2026-01-05 09:30 UTC', '–'],
      ['+65 …0004', 'Answered, 13 s', '1'],
    ]);
  });

  test('codes, reasons and ids of the platform are for Details and the CSV', () => {
    const shown = renderResults(request({ counts: counts({ callees: 2, refused: 1, accepted: 1 }) }), [
      call({ state: 'refused', submitCode: '-26', submitReason: 'no price <here>' }),
      call({ callee: '6591110002', state: 'not_answered', terminationCode: '486', sipCode: '486' }),
    ]);
    assert.doesNotMatch(JSON.stringify(shown), /-26|no price|486|2601050930110000001|terminationCode/);
  });

  test('why the configuration forbids a call stands below the table, once', () => {
    const forbidden = {
      state: 'held',
      submitCode: null,
      cause: 'denied',
      submitReason: 'denied <x>',
    } as const;
    const shown = renderResults(
      request({ state: 'done', counts: counts({ callees: 2, held: 2 }) }),
      manyCalls(2, () => forbidden),
    );
    assertMessage(shown);
    const whys = seen(shown.blocks).match(/✋ Not called: denied &lt;x&gt; \(limits\.deny\); .*$/gm);
    assert.equal(whys?.length, 1);
  });

  test('while further calls follow, it says Results so far, not that people are being called', () => {
    const reach = {
      plan: { until: 'answered' as const, attempts: 3, everyMs: 60_000, enough: null, confirmKey: null },
      ...{ ladder: null, running: true, step: 1, attempt: 1, nextAttemptAt: now, nextStepAt: null },
      ...{ endedBy: null, endedAt: null, steps: [], calling: [], reachedBy: [] },
    };
    const some = { counts: counts({ callees: 1, accepted: 1, not_answered: 1 }), reach };
    const missed = [call({ state: 'not_answered' })];
    assert.match(
      seen(renderResults(request({ ...some, state: 'sent' }), missed).blocks),
      /^Results so far$/m,
    );
    const over = request({ ...some, reach: { ...reach, running: false }, state: 'done' });
    assert.match(seen(renderResults(over, missed).blocks), /^Nobody answered \(0 of 1\)$/m);
  });

  test('99 people stand in the table, worst case included; of 100 it has the first twenty not reached', () => {
    assert.equal(tableOf(manyCalls(99)).length, 100);
    const worst = manyCalls(99, () => ({
      name: evilName,
      state: 'held',
      submitCode: 'x'.repeat(500),
      submitReason: evilName,
      heldUntil: now,
      terminationCode: evilName,
      feedbackValue: evilName,
      voiceId: '9'.repeat(500),
    }));
    assert.equal(tableOf(worst).length, 100);

    const hundred = manyCalls(100, (i) =>
      i < 3 ? { state: 'refused', submitCode: '-9' } : { state: 'answered' },
    );
    const done = request({
      state: 'done',
      counts: counts({ callees: 100, accepted: 97, answered: 97, refused: 3 }),
    });
    const message = renderResults(done, hundred);
    assertMessage(message);
    assert.deepEqual(rowsOf(message).slice(1), [
      ['+65 …0000', 'Refused by the platform'],
      ['+65 …0001', 'Refused by the platform'],
      ['+65 …0002', 'Refused by the platform'],
    ]);
    assert.deepEqual(rowsOf(message)[0], ['Who', 'Result'], 'no column of keys where nobody pressed one');
    assert.equal(
      message.text,
      '97 of 100 answered. 3 refused by the platform · 97 answered. The CSV file has everybody.',
    );
    assert.match(seen(message.blocks), /^The CSV file has everybody\.$/m);
    assert.match(
      seen(renderResults({ ...done, state: 'sent' }, hundred).blocks),
      /A CSV file of everybody follows at the end/,
    );
  });

  test('a crowd: how many ended how, the first twenty that were not reached, and how many more', () => {
    const message = renderResults(
      request({
        state: 'done',
        counts: counts({ callees: 150, accepted: 148, answered: 5, not_answered: 143, unknown: 2 }),
      }),
      manyCalls(20, () => ({ state: 'not_answered', callStatus: '20' })),
      {
        endings: [
          { ending: 'no_answer', calls: 100 },
          { ending: 'busy', calls: 40 },
          { ending: 'rejected', calls: 2 },
          { ending: null, calls: 1 },
        ],
      },
    );
    assertMessage(message);
    const numbers = '100 no answer · 40 busy · 2 declined · 1 not answered · 2 may have rung · 5 answered';
    assert.match(seen(message.blocks), new RegExp(`^5 of 150 answered, unknown for 2\n${numbers}$`, 'm'));
    assert.ok(message.text.startsWith(`5 of 150 answered, unknown for 2. ${numbers}. `));
    assert.equal(rowsOf(message).length, 21);
    assert.match(seen(message.blocks), /^125 more were not reached\. The CSV file has everybody\.$/m);
  });

  test('ten thousand refused: the first twenty, and how many more', () => {
    const calls = manyCalls(10_000, () => ({ state: 'refused', submitCode: '-26', name: evilName }));
    const message = renderResults(
      request({
        counts: counts({ callees: 10_000, refused: 10_000 }),
        submissions: Array.from({ length: 50 }, (_, i) =>
          submission({
            id: `s${i}`,
            ordinal: i + 1,
            state: 'refused',
            code: String(-i),
            reason: evilName,
            callees: 200,
          }),
        ),
      }),
      calls,
    );
    assertMessage(message);
    assert.equal(rowsOf(message).length, 21);
    assert.match(
      seen(message.blocks),
      /^Not called: the platform refused\n10,000 refused by the platform$[\s\S]*^9,980 more were not reached\./m,
    );
  });

  test('a refusal of the whole request: what, why, what to do; unknown is never called refused', () => {
    const whole = request({
      counts: counts({ callees: 2, refused: 2 }),
      submissions: [submission({ state: 'refused', code: '-10', reason: '<no money>', callees: 2 })],
    });
    const refused = renderResults(
      whole,
      manyCalls(2, () => ({ state: 'refused', submitCode: '-10' })),
    );
    assert.match(refused.text, /^Not called: the platform refused \(balance\)\./);
    assert.match(seen(refused.blocks), /^Not called: the platform refused \(balance\)$/m);
    assert.match(
      seen(renderBoard(whole, { now }).blocks),
      /⛔ \*Refused by the platform\*: 2 people\. The balance is used up\. Top up the account, then call again\./,
    );
    const unknown = renderResults(
      request({
        counts: counts({ callees: 2, unknown: 2 }),
        submissions: [submission({ state: 'unknown', unknown: 2, code: '-18', reason: null, callees: 2 })],
      }),
      manyCalls(2, () => ({ state: 'unknown', submitCode: '-18' })),
    );
    assert.match(seen(unknown.blocks), /^We don't know whether 2 phones rang$[\s\S]*^May have rung$/m);
    assert.match(unknown.text, /^We don't know whether 2 phones rang\.$/);
    assert.doesNotMatch(`${seen(unknown.blocks)}${unknown.text}`, /refused|not called|no answer/i);
    const each = request({
      counts: counts({ callees: 2, refused: 2 }),
      submissions: [submission({ state: 'refused', code: '0', reason: 'success', callees: 2 })],
    });
    assert.match(seen(renderBoard(each, { now }).blocks), /Each number was refused separately\./);
    for (const shown of [renderResults(each, []), renderBoard(each, { now })]) {
      assert.match(seen(shown.blocks), /^Not called: the platform refused$/m);
      assert.doesNotMatch(seen(shown.blocks), /took it|Nothing to do/);
    }
    const success = submission({ state: 'unknown', unknown: 2, code: '0', reason: 'no row', callees: 2 });
    const silent = request({ counts: counts({ callees: 2, unknown: 2 }), submissions: [success] });
    assert.match(
      seen(renderBoard(silent, { now }).blocks),
      /Did the phones of 2 people ring\?\* .*\nThe voice platform reported success, but said nothing about these calls\./,
    );
    assert.match(
      seen(
        renderResults(
          silent,
          manyCalls(2, () => ({ state: 'unknown', submitCode: '0' })),
        ).blocks,
      ),
      /^We don't know whether 2 phones rang$/m,
    );
    const partly = renderResults(
      request({
        state: 'done',
        counts: counts({ callees: 200, accepted: 197, answered: 1, not_answered: 196, unknown: 3 }),
        submissions: [submission({ unknown: 3, callees: 200 })],
      }),
      [],
    );
    assert.match(
      partly.text,
      /^1 of 200 answered, unknown for 3\. 196 not answered · 3 may have rung · 1 answered\. /,
    );
    assert.deepEqual(unknown.metadata, {
      event_type: 'voicecall_results',
      event_payload: { request_id: 'r7k2m9x0q4ab' },
    });
  });

  test('it contains no full number', () => {
    const message = renderResults(request({ counts: counts({ callees: 99 }) }), manyCalls(99));
    assert.doesNotMatch(JSON.stringify(message), /65911100/);
  });
});

suite('the CSV file', () => {
  test('header, CRLF, byte order mark and quotes', () => {
    const csv = renderCsv([call({ name: 'O"Hara, A', answerTimeAt: 0, callDuration: 13 })], {
      masked: false,
    });
    const [head, row, end] = csv.split('\r\n');
    assert.ok(head?.startsWith('\ufeffcallee,name,state,terminationCode,terminationReason,voiceId,'));
    assert.ok(row?.startsWith('6591110001,"O""Hara, A",accepted,0,success,2601050930110000001,0,success,'));
    assert.ok(row?.includes(',1970-01-01T00:00:00.000Z,,13,'));
    assert.equal(end, '');
  });

  test('no cell is a formula, and codes stay numbers', () => {
    const names = ['=1+1', '+cmd', '-cmd', '@sum', '\t=1', '＝1'];
    const csv = renderCsv(
      names.map((name) => call({ name, submitCode: '-10' })),
      { masked: true },
    );
    const rows = csv.trim().split('\r\n').slice(1);
    for (const row of rows) {
      assert.ok(row.startsWith("'+65 …0001,'"), row);
      assert.ok(row.includes(',-10,'));
    }
  });

  test('masked: it contains no number, not even as a name', () => {
    const csv = renderCsv([call({ name: '65 9111 0001' }), call({ name: '٦٥٩١١١٠٠٠١' })], { masked: true });
    assert.doesNotMatch(csv, /9111|٩١١١/);
    assert.ok(renderCsv([call()], { masked: false }).includes('6591110001'));
  });

  test('ten thousand rows', () => {
    assert.equal(renderCsv(manyCalls(10_000), { masked: true }).split('\r\n').length, 10_002);
  });
});
