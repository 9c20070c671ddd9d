import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flatten } from '../../src/alerts/flatten.ts';

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

describe('flatten', () => {
  it('reads in order: text, blocks, then each attachment with its fields and blocks', () => {
    const flat = flatten({
      text: 'one',
      blocks: [{ type: 'header', text: { type: 'plain_text', text: 'two' } }, section('three')],
      attachments: [
        {
          pretext: 'four',
          title: 'five',
          text: 'six',
          fields: [{ title: 'Host', value: 'seven' }],
          blocks: [section('eight')],
        },
      ],
    });
    assert.equal(flat.text, 'one\ntwo\nthree\nfour\nfive\nsix\nHost: seven\neight');
    assert.deepEqual(flat.fields, [{ label: 'Host', value: 'seven' }]);
  });
  it('reads rich text, tables, markdown, context, field pairs and unknown blocks', () => {
    const rich = {
      type: 'rich_text',
      elements: [
        {
          type: 'rich_text_section',
          elements: [
            { type: 'emoji', name: 'fire' },
            { type: 'text', text: ' disk on ' },
            { type: 'link', url: 'https://x.example.com/1', text: 'db-1' },
            { type: 'user', user_id: 'U1' },
          ],
        },
        {
          type: 'rich_text_list',
          elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'item' }] }],
        },
      ],
    };
    const table = {
      type: 'table',
      rows: [
        [
          { type: 'raw_text', text: 'Severity' },
          { type: 'raw_text', text: 'critical' },
        ],
      ],
    };
    const unknown = {
      type: 'novel',
      title: { type: 'plain_text', text: 'novel title' },
      cards: [{ type: 'x', body: 'card body' }],
    };
    const flat = flatten({
      blocks: [
        rich,
        table,
        { type: 'markdown', text: '# Head\n**bold** [label](https://y.example.com)' },
        {
          type: 'context',
          elements: [
            { type: 'mrkdwn', text: 'ctx' },
            { type: 'image', image_url: 'https://i', alt_text: 'no' },
          ],
        },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Alarm State*\nALARM' },
            { type: 'mrkdwn', text: '*Host:* db-1' },
          ],
        },
        unknown,
      ],
    });
    assert.equal(
      flat.text,
      ':fire: disk on db-1\nitem\nSeverity: critical\nHead\nbold label\nctx\nAlarm State: ALARM\nHost: db-1\nnovel title\ncard body',
    );
    assert.deepEqual(flat.fields, [
      { label: 'Alarm State', value: 'ALARM' },
      { label: 'Host', value: 'db-1' },
    ]);
  });
  it('skips buttons, previews and shared messages, but keeps the buttons’ links', () => {
    const button = {
      type: 'button',
      text: { type: 'plain_text', text: 'Resolve' },
      url: 'https://x.example.com/alerts/1',
    };
    const flat = flatten({
      text: 'hi',
      blocks: [{ type: 'actions', elements: [button] }],
      attachments: [
        { from_url: 'https://a', title: 'preview' },
        { is_share: true, text: 'shared' },
      ],
    });
    assert.equal(flat.text, 'hi');
    assert.deepEqual(
      flat.pieces
        .filter((piece) => piece.kind === 'button')
        .flatMap((piece) => piece.links.map((link) => link.url)),
      ['https://x.example.com/alerts/1'],
    );
  });
  it('uses the fallback only if an attachment has nothing else', () => {
    assert.equal(flatten({ attachments: [{ fallback: 'fall' }] }).text, 'fall');
    assert.equal(flatten({ attachments: [{ fallback: 'fall', title: 'title' }] }).text, 'title');
    assert.equal(flatten({ attachments: [{ fallback: '[no preview available]' }] }).text, '');
  });
  it('unescapes once, and removes mentions, mark-up and invisible characters', () => {
    assert.equal(flatten({ text: 'a &amp;lt; b &lt;!channel&gt;' }).text, 'a &lt; b <!channel>');
    assert.equal(
      flatten({ text: '<!channel> <@U1> *bold* `code` <https://x.example.com/a?b=1|label>' }).text,
      'bold code label',
    );
    assert.equal(flatten({ text: 'de\u200bsk\u202etop\u0007' }).text, 'desktop');
  });
  it('reads no more than 16,000 characters', () => {
    assert.ok(flatten({ text: 'x'.repeat(100_000), attachments: [{ text: 'y' }] }).text.length <= 16_000);
  });
});
