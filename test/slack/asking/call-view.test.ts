import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { InputBlock, ModalView } from '@slack/types';
import fc from 'fast-check';
import { type CallViewFacts, callView } from '../../../src/slack/asking/call-view.ts';
import type { RecordingChoice } from '../../../src/slack/context/recordings.ts';
import { assertView, evilName, seen } from '../samples.ts';

function library(n: number): RecordingChoice[] {
  return Array.from({ length: n }, (_, i) => ({
    fileId: `1202${i}.mp3`,
    name: `tape ${i}`,
    from: 'library',
  }));
}

const drill: RecordingChoice = { fileId: 'drill.mp3', name: 'fire-drill', from: 'named' };

function view(some: Partial<CallViewFacts> = {}): ModalView {
  const rendered = callView({
    lists: ['db-oncall'],
    recordings: { choices: [drill, ...library(3)], complete: true },
    file: true,
    languages: ['EN'],
    options: true,
    defaults: { maxDuration: 50 },
    limits: { loopCount: 3, textLength: 299 },
    reach: { until: 'answered', attempts: 1, everyMs: 300_000, confirmKey: '1' },
    prefill: {},
    metadata: '{"v":1}',
    ...some,
  });
  assertView(rendered);
  return rendered;
}

function inputs(modal: ModalView): Record<string, InputBlock> {
  const found = modal.blocks.filter((block): block is InputBlock => block.type === 'input');
  return Object.fromEntries(found.map((block) => [block.block_id ?? '', block]));
}

suite('the form', () => {
  test('only what may be left out is optional, and what is empty says what happens then', () => {
    const required = (modal: ModalView) =>
      Object.entries(inputs(modal)).flatMap(([name, block]) => (block.optional === true ? [] : [name]));
    assert.deepEqual(required(view()), ['channel']);
    assert.deepEqual(required(view({ languages: null })), ['fileId', 'channel']);
    assert.match(seen(view()), /Who is called\?\* At least one of these, or a file \(More options\)\./);
    assert.match(seen(view()), /What do they hear\?\* A recording or a text: one of the two\./);
    const hint = (field: string, some: Partial<CallViewFacts> = {}) => inputs(view(some))[field]?.hint?.text;
    assert.equal(hint('loopCount'), '1 to 3. If empty: once.');
    assert.equal(hint('loopCount', { defaults: { loopCount: 2 } }), '1 to 3. If empty: 2.');
    assert.equal(hint('maxDuration'), '1 to 120. If empty: 50.');
    assert.equal(hint('maxRingingTime'), '20 to 120. If empty: the voice platform decides.');
    assert.match(hint('displayNum') ?? '', /If empty: the voice platform decides\.$/);
  });

  test('has the fields under their names, each also as action_id', () => {
    const fields = inputs(view());
    assert.deepEqual(Object.keys(fields), [
      ...['callee', 'lists', 'people', 'fileId', 'text', 'channel', 'file', 'language', 'loopCount'],
      ...[
        'maxDuration',
        'maxRingingTime',
        'displayNum',
        'calledInfo',
        'attempts',
        'every',
        'until',
        'enough',
        'when',
      ],
    ]);
    for (const [name, block] of Object.entries(fields)) assert.equal(block.element.action_id, name);
    assert.equal(view().callback_id, 'voicecall');
    assert.deepEqual(Object.keys(inputs(view({ lists: [], file: false, languages: null }))), [
      ...['callee', 'people', 'fileId', 'channel', 'loopCount', 'maxDuration', 'maxRingingTime'],
      ...['displayNum', 'calledInfo', 'attempts', 'every', 'until', 'enough', 'when'],
    ]);
    assert.equal(inputs(view({ languages: null })).fileId?.optional, false);
  });

  test('asks for who, what and where; a button adds the options, and then all fields are there', () => {
    const short = view({ options: false });
    assert.deepEqual(Object.keys(inputs(short)), ['callee', 'lists', 'people', 'fileId', 'text', 'channel']);
    assert.ok(JSON.stringify(short.blocks).includes('"action_id":"call_options"'));
    const whole = view();
    assert.ok(!JSON.stringify(whole.blocks).includes('"action_id":"call_options"'));
    const order = Object.keys(inputs(whole));
    assert.deepEqual(order.slice(0, 6), Object.keys(inputs(short)), 'what was there stays where it was');
    assert.ok(JSON.stringify(inputs(whole).maxDuration).includes('"text":"50"'), 'a default is visible');
  });

  test('opens filled in', () => {
    const fields = inputs(
      view({
        prefill: {
          ...{ callee: '91856321412', lists: ['db-oncall'], people: ['U0BEN'], fileId: 'drill.mp3' },
          ...{
            loopCount: 2,
            maxDuration: 50,
            maxRingingTime: 60,
            displayNum: '1008122211',
            channel: 'C0OPS',
          },
          ...{ text: 'Hello', language: 'EN', calledInfo: 'a note' },
        },
      }),
    );
    const json = (name: string) => JSON.stringify(fields[name]?.element);
    assert.match(json('callee'), /"initial_value":"91856321412"/);
    assert.match(json('lists'), /"initial_options":\[.*"value":"db-oncall"/);
    assert.match(json('people'), /"initial_users":\["U0BEN"\]/);
    assert.match(json('fileId'), /"initial_option":.*"value":"drill.mp3"/);
    assert.match(json('loopCount'), /"initial_value":"2"/);
    assert.match(json('channel'), /"initial_conversation":"C0OPS"/);
  });

  test('a value out of bounds is not filled in, because Slack would refuse the view', () => {
    const fields = inputs(view({ prefill: { loopCount: 9, maxRingingTime: 5, channel: 'D0DIRECT' } }));
    assert.doesNotMatch(JSON.stringify(fields.loopCount?.element), /initial/);
    assert.match(JSON.stringify(fields.channel?.element), /default_to_current_conversation/);
  });

  test('loading, complete and failed views have the same blocks', () => {
    const ids = (modal: ModalView) => modal.blocks.map((block) => block.block_id);
    const whole = ids(view());
    assert.deepEqual(ids(view({ recordings: null })), whole);
    assert.deepEqual(ids(view({ recordings: { choices: [drill], complete: false } })), whole);
    assert.match(seen(view({ recordings: null })), /Loading the recordings/);
    const failed = view({ recordings: { choices: [drill], complete: false } });
    assert.match(seen(failed), /voice platform did not answer.*Type a fileId/);
    assert.equal(inputs(failed).fileId?.element.type, 'plain_text_input');
    assert.match(seen(failed), /fire-drill/);
  });

  test('a select in groups of at most 100; typed instead if the view would be too large or a value does not fit', () => {
    const type = (choices: RecordingChoice[], fileId?: string) =>
      inputs(
        view({ recordings: { choices, complete: true }, prefill: fileId === undefined ? {} : { fileId } }),
      ).fileId?.element.type;
    assert.equal(type(library(100)), 'static_select');
    assert.equal(type(library(101)), 'static_select');
    assert.equal(type(library(1_000)), 'static_select');
    assert.equal(type(library(5_000)), 'plain_text_input');
    assert.equal(type([drill, { ...drill, name: 'the same' }]), 'static_select');
    assert.equal(type([]), 'plain_text_input');
    assert.equal(type([{ ...drill, fileId: 'x'.repeat(76) }]), 'plain_text_input');
    assert.equal(type([drill], 'gone.mp3'), 'plain_text_input');
  });

  test('each of 250 recordings can be chosen, and the requested one is chosen', () => {
    const choices = [drill, ...library(250)];
    const modal = view({ recordings: { choices, complete: true }, prefill: { fileId: '1202249.mp3' } });
    const element = inputs(modal).fileId?.element;
    assert.ok(element?.type === 'static_select');
    assert.deepEqual(
      element.option_groups?.map((group) => [group.label.text, group.options.length]),
      [
        ['By name', 1],
        ['On the voice platform, 1 to 100', 100],
        ['On the voice platform, 101 to 200', 100],
        ['On the voice platform, 201 to 250', 50],
      ],
    );
    assert.deepEqual(
      element.option_groups?.flatMap((group) => group.options.map((each) => each.value)),
      choices.map((each) => each.fileId),
    );
    assert.equal(element.initial_option?.value, '1202249.mp3');
    const tooMany = view({ recordings: { choices: [drill, ...library(5_000)], complete: true } });
    assert.match(JSON.stringify(inputs(tooMany).fileId?.hint), /Known by name: fire-drill/);
    assert.match(seen(tooMany), /There are 5001 recordings/);
  });

  test('the whole view stays within Slack’s limits, whatever the number', () => {
    for (const n of [500, 1_000, 1_500, 2_500, 5_000]) {
      const recordings = {
        choices: library(n).map((each) => ({ ...each, fileId: each.fileId.padStart(60, '0') })),
        complete: true,
      };
      const lists = Array.from({ length: 150 }, (_, i) => `list-${i}`.padEnd(75, 'x'));
      const prefill = { callee: '9'.repeat(3_000), text: 'x'.repeat(299), lists };
      assert.ok(Buffer.byteLength(JSON.stringify(view({ recordings, lists, prefill }))) < 250_000, `${n}`);
    }
  });

  test('100 lists and more: the requested ones are among them', () => {
    const lists = Array.from({ length: 150 }, (_, i) => `list-${i}`);
    const modal = view({ lists, prefill: { lists: ['list-149'] } });
    const element = inputs(modal).lists?.element;
    assert.ok(element?.type === 'multi_static_select');
    assert.equal(element.options?.length, 100);
    assert.deepEqual(
      element.initial_options?.map((each) => each.value),
      ['list-149'],
    );
    assert.match(seen(modal), /50 more lists do not fit/);
  });

  test('too many callees for the field are cut between two numbers', () => {
    const callee = Array.from({ length: 400 }, (_, i) => `+65911${String(i).padStart(5, '0')}`).join('\n');
    const modal = view({ prefill: { callee } });
    const element = inputs(modal).callee?.element;
    assert.ok(element?.type === 'plain_text_input');
    for (const line of element.initial_value?.split('\n') ?? []) assert.match(line, /^\+65911\d{5}$/);
    assert.match(seen(modal), /Not all numbers fit/);
    const whole = inputs(view({ prefill: { callee: '9'.repeat(4_000) } })).callee?.element;
    assert.ok(whole?.type === 'plain_text_input' && whole.initial_value === undefined);
  });

  test('a redial says that an empty field means the same people', () => {
    assert.match(seen(view({ again: 3 })), /\* The same 3 people, again\. Fill these in only/);
  });

  test('any names and entries are within Slack’s limits', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), fc.constant(evilName));
    fc.assert(
      fc.property(
        fc.uniqueArray(anyText, { maxLength: 120 }),
        fc.option(fc.uniqueArray(anyText, { maxLength: 120 }), { nil: null }),
        fc.boolean(),
        fc.record({
          ...{ callee: anyText, fileId: anyText, text: anyText, language: anyText, calledInfo: anyText },
          ...{ displayNum: anyText, channel: anyText },
        }),
        (lists, names, complete, prefill) => {
          const choices = (names ?? []).map(
            (name): RecordingChoice => ({ fileId: name, name, from: 'library' }),
          );
          view({ lists, recordings: names === null ? null : { choices, complete }, prefill });
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
