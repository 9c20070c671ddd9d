import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBlocks, checkMessage, checkView } from '../../sandbox/slack/blocks.ts';

const plain = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
const mrkdwn = (length: number) => ({ type: 'mrkdwn', text: 'x'.repeat(length) });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const option = (index: number, extra: object = {}) => ({ text: plain(3), value: `v${index}`, ...extra });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const button = (extra: object = {}) => ({ type: 'button', action_id: 'b', text: plain(3), ...extra });
const input = (element: object, extra: object = {}) => ({
  type: 'input',
  label: plain(3),
  element,
  ...extra,
});
const select = (extra: object) => actions({ type: 'static_select', action_id: 's', ...extra });
const cell = (length: number) => ({ type: 'raw_text', text: 'x'.repeat(length) });
const table = (rows: number, cells: number, length = 1) => ({
  type: 'table',
  rows: times(rows, () => times(cells, () => cell(length))),
});
const modal = (blocks: object[], extra: object = {}) => ({
  type: 'modal',
  title: plain(5),
  submit: plain(5),
  blocks,
  ...extra,
});
const divider = { type: 'divider' };

/** Each limit: a function that makes blocks of a size, and the largest size that passes. */
const LIMITS: [string, number, (size: number) => object[]][] = [
  ['blocks in a message', 50, (n) => times(n, () => divider)],
  ['block_id', 255, (n) => [{ ...divider, block_id: 'x'.repeat(n) }]],
  ['header text', 150, (n) => [{ type: 'header', text: plain(n) }]],
  ['section text', 3000, (n) => [{ type: 'section', text: mrkdwn(n) }]],
  ['section fields', 10, (n) => [{ type: 'section', fields: times(n, () => mrkdwn(1)) }]],
  ['section field text', 2000, (n) => [{ type: 'section', fields: [mrkdwn(n)] }]],
  ['context elements', 10, (n) => [{ type: 'context', elements: times(n, () => mrkdwn(1)) }]],
  ['actions elements', 25, (n) => [actions(...times(n, (i) => button({ action_id: `b${i}` })))]],
  ['action_id', 255, (n) => [actions(button({ action_id: 'x'.repeat(n) }))]],
  ['button text', 75, (n) => [actions(button({ text: plain(n) }))]],
  ['button value', 2000, (n) => [actions(button({ value: 'x'.repeat(n) }))]],
  ['button url', 3000, (n) => [actions(button({ url: 'x'.repeat(n) }))]],
  ['accessibility label', 75, (n) => [actions(button({ accessibility_label: 'x'.repeat(n) }))]],
  ['confirm title', 100, (n) => [actions(button({ confirm: { title: plain(n), text: plain(1) } }))]],
  ['confirm text', 300, (n) => [actions(button({ confirm: { title: plain(1), text: plain(n) } }))]],
  ['confirm confirm', 30, (n) => [actions(button({ confirm: { text: plain(1), confirm: plain(n) } }))]],
  ['confirm deny', 30, (n) => [actions(button({ confirm: { text: plain(1), deny: plain(n) } }))]],
  ['select options', 100, (n) => [select({ options: times(n, option) })]],
  [
    'option groups',
    100,
    (n) => [select({ option_groups: times(n, (i) => ({ label: plain(1), options: [option(i)] })) })],
  ],
  ['option text', 75, (n) => [select({ options: [{ text: plain(n), value: 'v' }] })]],
  ['option value', 75, (n) => [select({ options: [{ text: plain(1), value: 'x'.repeat(n) }] })]],
  ['option description', 75, (n) => [select({ options: [option(0, { description: plain(n) })] })]],
  ['placeholder', 150, (n) => [select({ options: [option(0)], placeholder: plain(n) })]],
  ['overflow options', 5, (n) => [actions({ type: 'overflow', options: times(n, option) })]],
  ['checkboxes', 10, (n) => [actions({ type: 'checkboxes', options: times(n, option) })]],
  ['radio buttons', 10, (n) => [actions({ type: 'radio_buttons', options: times(n, option) })]],
  ['input label', 2000, (n) => [{ ...input({ type: 'plain_text_input' }), label: plain(n) }]],
  ['input hint', 2000, (n) => [input({ type: 'plain_text_input' }, { hint: plain(n) })]],
  ['plain_text_input max_length', 3000, (n) => [input({ type: 'plain_text_input', max_length: n })]],
  ['image url', 3000, (n) => [{ type: 'image', image_url: 'x'.repeat(n), alt_text: 'a' }]],
  ['image alt text', 2000, (n) => [{ type: 'image', image_url: 'x', alt_text: 'a'.repeat(n) }]],
  ['table rows', 100, (n) => [table(n, 1)]],
  ['table cells in a row', 20, (n) => [table(1, n)]],
  ['table characters', 10_000, (n) => [{ type: 'table', rows: [[cell(5000), cell(n - 5000)]] }]],
  ['tables in a message', 1, (n) => times(n, () => table(1, 1))],
  ['markdown', 12_000, (n) => [{ type: 'markdown', text: 'x'.repeat(n) }]],
  [
    'markdown blocks together',
    12_000,
    (n) => [1, n - 1].map((m) => ({ type: 'markdown', text: 'x'.repeat(m) })),
  ],
  [
    'text of all blocks',
    13_200,
    (n) => [3000, 3000, 3000, 3000, n - 12_000].map((m) => ({ type: 'section', text: mrkdwn(m) })),
  ],
];

for (const [name, limit, make] of LIMITS) {
  test(`${name}: ${limit} are accepted, ${limit + 1} are not`, () => {
    assert.deepEqual(checkBlocks(make(limit)), []);
    assert.notDeepEqual(checkBlocks(make(limit + 1)), []);
  });
}

const VIEW_LIMITS: [string, number, (size: number) => object][] = [
  ['blocks', 100, (n) => modal(times(n, () => divider))],
  ['title', 24, (n) => modal([divider], { title: plain(n) })],
  ['submit', 24, (n) => modal([divider], { submit: plain(n) })],
  ['close', 24, (n) => modal([divider], { close: plain(n) })],
  ['private_metadata', 3000, (n) => modal([divider], { private_metadata: 'x'.repeat(n) })],
  ['callback_id', 255, (n) => modal([divider], { callback_id: 'x'.repeat(n) })],
  ['external_id', 255, (n) => modal([divider], { external_id: 'x'.repeat(n) })],
  ['file_input max_files', 10, (n) => modal([input({ type: 'file_input', max_files: n })])],
  ['alert text', 200, (n) => modal([{ type: 'alert', text: plain(n) }])],
];

for (const [name, limit, make] of VIEW_LIMITS) {
  test(`view ${name}: ${limit} are accepted, ${limit + 1} are not`, () => {
    assert.deepEqual(checkView(make(limit)), []);
    assert.notDeepEqual(checkView(make(limit + 1)), []);
  });
}

const REFUSED: [string, object[], string][] = [
  ['an empty text object', [{ type: 'section', text: mrkdwn(0) }], '/blocks/0/text/text'],
  ['an unknown block', [{ type: 'banner' }], '/blocks/0/type'],
  ['an unknown property', [{ ...divider, colour: 'red' }], '/blocks/0'],
  ['a section with nothing', [{ type: 'section' }], '/blocks/0'],
  ['a header in mrkdwn', [{ type: 'header', text: mrkdwn(1) }], '/blocks/0/text/type'],
  ['equal block_ids', times(2, () => ({ ...divider, block_id: 'same' })), '/blocks/1/block_id'],
  ['equal action_ids in a block', [actions(button(), button())], '/blocks/0'],
  ['an alert in a message', [{ type: 'alert', text: plain(1) }], '/blocks/0/type'],
  ['no actions', [actions()], '/blocks/0/elements'],
  [
    'an input element in actions',
    [actions({ type: 'plain_text_input', action_id: 'x' })],
    '/blocks/0/elements/0/type',
  ],
  [
    'an initial option that is none',
    [select({ options: [option(0)], initial_option: option(1) })],
    '/blocks/0/elements/0',
  ],
  [
    'options and groups at once',
    [select({ options: [option(0)], option_groups: [] })],
    '/blocks/0/elements/0/option_groups',
  ],
  ['an empty table cell', [table(1, 1, 0)], '/blocks/0/rows/0/0/text'],
];

for (const [name, blocks, pointer] of REFUSED) {
  test(`refused: ${name}`, () => {
    const problems = checkBlocks(blocks);
    assert.equal(problems[0]?.pointer, pointer, JSON.stringify(problems));
  });
}

test('a form with an input needs submit; tables are for messages', () => {
  const blocks = [input({ type: 'plain_text_input', action_id: 'a' })];
  assert.deepEqual(checkView(modal(blocks)), []);
  assert.equal(checkView({ type: 'modal', title: plain(3), blocks })[0]?.pointer, '/submit');
  assert.equal(checkView(modal([table(1, 1)]))[0]?.pointer, '/blocks/0/type');
});

test('a message needs a text, valid metadata and at most 40,000 characters', () => {
  assert.deepEqual(checkMessage({ text: 'x'.repeat(40_000), blocks: [divider] }), []);
  assert.equal(checkMessage({ blocks: [divider] })[0]?.pointer, '/text');
  assert.equal(checkMessage({ text: 'x'.repeat(40_001) })[0]?.pointer, '/text');
  const metadata = (value: unknown) => ({
    text: 'a',
    metadata: { event_type: 'e', event_payload: { value } },
  });
  assert.deepEqual(checkMessage(metadata(1)), []);
  assert.deepEqual(checkMessage(metadata({ deep: 1 })), []);
  assert.equal(checkMessage(metadata({ too: { deep: 1 } }))[0]?.pointer, '/metadata/event_payload/value');
  assert.equal(checkMessage(metadata(null))[0]?.pointer, '/metadata/event_payload/value');
  assert.equal(checkMessage({ text: 'a', metadata: { event_type: 'e' } })[0]?.pointer, '/metadata');
});

test('blocks inside attachments are checked and count', () => {
  const attachments = [{ color: 'danger', blocks: [{ type: 'header', text: plain(151) }] }];
  assert.equal(checkMessage({ text: 'a', attachments })[0]?.pointer, '/attachments/0/blocks/0/text/text');
});
