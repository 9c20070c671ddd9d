import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TableBlock } from '@slack/types';
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
  const table = message.blocks.find((block): block is TableBlock => block.type === 'table');
  return (table?.rows ?? []).map((row) => row.map((cell) => ('text' in cell ? cell.text : '')));
}

suite('results in the thread', () => {
  test('whatever came back is within what Slack takes', () => {
    fc.assert(
      fc.property(anyRequest, anyCalls, (any, calls) => {
        assertMessage(renderResults({ ...any, counts: { ...any.counts, callees: calls.length } }, calls));
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test('each callee with masked number or name, outcome, code, reason and voiceId', () => {
    const rows = tableOf([
      call(),
      call({ name: 'Asha', state: 'refused', submitCode: '-26', submitReason: 'x', voiceId: null }),
      call({ state: 'unknown', submitCode: null, cause: 'timeout', voiceId: null }),
      call({
        state: 'answered',
        callStatus: '50',
        terminationCode: '200',
        callDuration: 13,
        feedbackValue: '1',
      }),
      call({
        state: 'held',
        submitCode: null,
        cause: 'per_callee',
        heldUntil: 1_767_605_411_000,
        voiceId: null,
      }),
      call({ name: '+65 9111 0001', voiceId: null }),
    ]);
    assert.deepEqual(rows[0], ['Callee', 'Outcome', 'terminationCode', 'Reason', 'voiceId']);
    assert.deepEqual(rows[1], ['+65 …0001', 'accepted', '0', '–', '2601050930110000001']);
    assert.deepEqual(rows[2], [
      'Asha',
      'refused',
      '-26',
      'The account has no price for this destination.',
      '–',
    ]);
    assert.match(rows[3]?.join('|') ?? '', /^\+65 …0001\|unknown\|timeout\|may or may not have rung: .*\|–$/);
    assert.match(rows[4]?.join('|') ?? '', /answered\|200\|answered, 13 s, pressed 1\|/);
    assert.match(
      rows[5]?.join('|') ?? '',
      /held back\|–\|held back: this number.*next possible at 2026-01-05 09:30 UTC/,
    );
    assert.equal(rows[6]?.[0], '+65 …0001');
  });

  test('99 callees stand in the table, worst case included; with 100 it has those with trouble', () => {
    assert.equal(tableOf(manyCalls(99)).length, 100);
    const worst = manyCalls(99, () => ({
      name: evilName,
      state: 'refused',
      submitCode: 'x'.repeat(500),
      submitReason: evilName,
      terminationCode: evilName,
      voiceId: '9'.repeat(500),
    }));
    assert.equal(tableOf(worst).length, 100);

    const hundred = manyCalls(100, (i) => (i < 3 ? { state: 'refused', submitCode: '-9' } : {}));
    assert.equal(tableOf(hundred).length, 4);
    const message = renderResults(
      request({ counts: counts({ callees: 100, accepted: 97, refused: 3 }) }),
      hundred,
    );
    assert.match(seen(message.blocks), /All of them are in the CSV file below/);
    assert.match(message.text, /Results for 100 people .*: 97 accepted and 3 refused\. .*CSV file below/);
  });

  test('ten thousand refused: as many as fit, and how many more', () => {
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
    assert.match(seen(message.blocks), /The first 99 of 10,000 .*; 9,901 more\./);
  });

  test('a refusal of the whole: what, why, what to do; an unknown is never called refused', () => {
    const refused = renderResults(
      request({
        counts: counts({ callees: 2, refused: 2 }),
        submissions: [submission({ state: 'refused', code: '-10', reason: '<no money>', callees: 2 })],
      }),
      manyCalls(2, () => ({ state: 'refused', submitCode: '-10' })),
    );
    assert.match(
      seen(refused.blocks),
      /⛔ \*The voice platform refused the calls to 2 people: nobody of them was rung\.\* The balance is used up\. \(-10: &lt;no money&gt;\) Top up the account/,
    );
    assert.match(refused.text, /Top up the account/);
    const unknown = renderResults(
      request({
        counts: counts({ callees: 2, unknown: 2 }),
        submissions: [submission({ state: 'unknown', unknown: 2, code: '-18', reason: null, callees: 2 })],
      }),
      manyCalls(2, () => ({ state: 'unknown', submitCode: '-18' })),
    );
    assert.match(seen(unknown.blocks), /may or may not have rung/);
    assert.doesNotMatch(seen(unknown.blocks), /refused/i);
    const each = request({
      counts: counts({ callees: 2, refused: 2 }),
      submissions: [submission({ state: 'refused', code: '0', reason: 'success', callees: 2 })],
    });
    for (const shown of [renderResults(each, []), renderBoard(each, { now })]) {
      assert.match(seen(shown.blocks), /Each number was refused by itself\./);
      assert.doesNotMatch(seen(shown.blocks), /took it|Nothing to do/);
    }
    const success = submission({ state: 'unknown', unknown: 2, code: '0', reason: 'no row', callees: 2 });
    const silent = renderResults(
      request({ counts: counts({ callees: 2, unknown: 2 }), submissions: [success] }),
      manyCalls(2, () => ({ state: 'unknown', submitCode: '0' })),
    );
    assert.match(
      seen(silent.blocks),
      /phones of 2 people may or may not have rung\.\* The voice platform said success, but did not say what became of these calls\. \(0: no row\)/,
    );
    const partly = renderResults(
      request({
        counts: counts({ callees: 200, accepted: 197, unknown: 3 }),
        submissions: [submission({ unknown: 3, callees: 200 })],
      }),
      [],
    );
    assert.match(partly.text, /phones of 3 of 200 people may or may not have rung/);
    assert.deepEqual(unknown.metadata, {
      event_type: 'voicecall_results',
      event_payload: { request_id: 'r7k2m9x0q4ab' },
    });
  });

  test('no full number is in it', () => {
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

  test('masked: no number in it, not even as a name', () => {
    const csv = renderCsv([call({ name: '65 9111 0001' }), call({ name: '٦٥٩١١١٠٠٠١' })], { masked: true });
    assert.doesNotMatch(csv, /9111|٩١١١/);
    assert.ok(renderCsv([call()], { masked: false }).includes('6591110001'));
  });

  test('ten thousand rows', () => {
    assert.equal(renderCsv(manyCalls(10_000), { masked: true }).split('\r\n').length, 10_002);
  });
});
