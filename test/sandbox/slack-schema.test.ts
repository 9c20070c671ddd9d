import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Change, SandboxMessage, SandboxView } from '../../sandbox/slack/types.ts';
import { type Shown, watchShown } from '../support/shown.ts';
import { messageFaults, viewFaults } from '../support/slack-schema/check.ts';

const mrkdwn = { type: 'mrkdwn', text: 'Calling 3 people' };
const plain = { type: 'plain_text', text: 'Cancel' };
const button = { type: 'button', action_id: 'call_cancel', text: plain };
const option = { text: plain, value: '1' };
const faultsOf = (...blocks: object[]) => messageFaults({ blocks });

suite('the schema made from the types of Slack', () => {
  test('accepts blocks, tables and views as Slack documents them', () => {
    const cell = { type: 'raw_text', text: 'Asha' };
    const rows = [[cell], [cell]];
    assert.deepEqual(
      faultsOf(
        { type: 'section', block_id: 'a', text: mrkdwn, accessory: button },
        {
          type: 'actions',
          elements: [{ ...button, style: 'primary', confirm: { title: plain, text: plain } }],
        },
        { type: 'context', elements: [mrkdwn, { type: 'image', image_url: 'https://a.b/c', alt_text: 'c' }] },
        { type: 'table', rows },
        { type: 'data_table', caption: 'Results', rows },
      ),
      [],
    );
    assert.deepEqual(viewFaults({ type: 'home', blocks: [{ type: 'divider' }] }), []);
    assert.deepEqual(viewFaults({ type: 'modal', title: plain, blocks: [{ type: 'divider' }] }), []);
  });

  const broken: [what: string, block: object, fault: string][] = [
    [
      'a misspelt field',
      { type: 'section', text: mrkdwn, acessory: button },
      '/blocks/0 (section) must NOT have additional properties: acessory',
    ],
    [
      'a misspelt field, deep inside',
      { type: 'actions', elements: [button, { ...button, styl: 'danger' }] },
      '/blocks/0/elements/1 (button) must NOT have additional properties: styl',
    ],
    [
      'a value of the wrong type',
      { type: 'section', text: { ...mrkdwn, text: 3 } },
      '/blocks/0/text/text must be string',
    ],
    ['a field that is missing', { type: 'header' }, "/blocks/0 (header) must have required property 'text'"],
    [
      'a text of the wrong kind',
      { type: 'header', text: mrkdwn },
      '/blocks/0/text/type must be equal to constant and is "mrkdwn"',
    ],
    [
      'a block that Slack does not have',
      { type: 'dividr' },
      '/blocks/0/type must be equal to one of the allowed values and is "dividr"',
    ],
    [
      'an element that its block may not hold',
      { type: 'context', elements: [button] },
      '/blocks/0/elements/0/type must be equal to one of the allowed values and is "button"',
    ],
    [
      'markup where a choice in a select has none',
      {
        type: 'actions',
        elements: [{ type: 'static_select', options: [option, { ...option, text: mrkdwn }] }],
      },
      '/blocks/0/elements/0/options/1/text/type must be equal to constant and is "mrkdwn"',
    ],
  ];
  for (const [what, block, fault] of broken)
    test(`refuses ${what}, and says where`, () => assert.deepEqual(faultsOf(block), [fault]));

  test('refuses faults in a view or in metadata', () => {
    const view = { type: 'modal', blocks: [], submt: plain };
    assert.deepEqual(viewFaults(view), [
      "/ (modal) must have required property 'title'",
      '/ (modal) must NOT have additional properties: submt',
    ]);
    const metadata = { event_type: 'voicecall_request', event_payload: {}, payload: {} };
    assert.deepEqual(messageFaults({ metadata }), ['/metadata must NOT have additional properties: payload']);
  });
});

test('everything that the app shows is checked at once, also what is edited or closed before a test ends', () => {
  const wrong = { type: 'section', text: mrkdwn, acessory: button };
  const message: SandboxMessage = {
    ...{ type: 'message', channel: 'C0OPS', ts: '1', user: 'UBOT', text: 'a', blocks: [wrong] },
    ...{ file_ids: [], edits: 0, deleted: false },
  };
  const others = { ...message, ts: '2', user: 'U0ASHA' };
  const view: SandboxView = {
    ...{ id: 'V1', hash: '', user: 'U0ASHA', type: 'modal', root_view_id: 'V1', previous_view_id: null },
    ...{ callback_id: 'voicecall', external_id: '', private_metadata: '', title: plain, blocks: [wrong] },
    ...{ clear_on_close: false, notify_on_close: false, state: { values: {} }, errors: {} },
  };
  const listeners: ((change: Change) => void)[] = [];
  // Our own sandbox would refuse these.
  const slack: Shown = {
    state: {
      app: { botUserId: 'UBOT' },
      messages: new Map([['C0OPS', [message, others]]]),
      views: new Map([['U0ASHA', [view]]]),
      homes: new Map(),
    },
    onChange: (listener) => listeners.push(listener),
  };
  const faults = watchShown(slack);
  const show = (change: Change) => {
    const before = faults.length;
    for (const listener of listeners) listener(change);
    return faults.slice(before).filter((fault) => fault.endsWith('properties: acessory')).length;
  };
  assert.equal(show({ type: 'message', channel: 'C0OPS', ts: '1' }), 1);
  assert.equal(show({ type: 'message', channel: 'C0OPS', ts: '2' }), 0, 'what others post is theirs');
  assert.equal(show({ type: 'view', user: 'U0ASHA' }), 1);
  assert.equal(show({ type: 'home', user: 'U0ASHA' }), 0);
});
