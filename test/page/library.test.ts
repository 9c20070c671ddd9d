import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBlock, drawText } from '../../sandbox/page/library.ts';

const names = {
  users: [{ id: 'U0ASHA', name: 'asha' }],
  channels: [{ id: 'C0OPS', name: 'ops' }],
  user_groups: [{ id: 'S0OPS', name: 'Operations', handle: 'ops-people' }],
};
const words = (markup: string) => markup.replace(/<[^>]*>/g, '');

test('mrkdwn is drawn as Slack draws it', () => {
  const { markup } = drawText('*bold* `code` <@U0ASHA> <#C0OPS> <https://example.org/a|link>', names);
  assert.match(markup, /<strong>.*bold.*<\/strong>/);
  assert.match(markup, /<code[^>]*>code<\/code>/);
  assert.match(words(markup), /@asha\s+#ops\s+link/);
  assert.match(markup, /href="https:\/\/example\.org\/a"[^>]*rel="noopener noreferrer"/);
});

test('an escaped mention stays text, a real one becomes a mention', () => {
  assert.match(drawText('<!channel>', names).markup, /slack_broadcast/);
  const escaped = drawText('&lt;!channel&gt; &amp;lt;', names).markup;
  assert.doesNotMatch(escaped, /slack_broadcast/);
  assert.match(words(escaped), /&lt;!channel&gt; &amp;lt;/);
});

test('foreign text brings no markup into the page', () => {
  const attack = '<img src=x onerror=alert(1)> "><script>alert(1)</script> <javascript:alert(1)|press>';
  for (const text of [attack, attack.replaceAll('<', '&lt;').replaceAll('>', '&gt;')]) {
    const { markup } = drawText(text, names);
    assert.doesNotMatch(markup, /<script|<img|="javascript:alert/);
  }
  const header = drawBlock({ type: 'header', text: { type: 'plain_text', text: attack } }, names).markup;
  assert.doesNotMatch(header, /<script|<img/);
  assert.doesNotMatch(drawBlock({ type: 'strange', text: attack }, names).markup, /<script|<img/);
});

test('plain_text is shown character by character', () => {
  const { markup } = drawBlock(
    { type: 'header', text: { type: 'plain_text', text: 'a*b*c _d_ <@U0ASHA>' } },
    names,
  );
  assert.match(words(markup), /a\*b\*c _d_ &lt;@U0ASHA&gt;/);
  assert.doesNotMatch(markup, /<strong|slack_user/);
});

test('a date is written out in its format', () => {
  const { markup } = drawText('<!date^1767576611^{date_short} at {time}|long ago>', names);
  assert.match(markup, /<time[^>]*title="long ago"[^>]*>\d+ Jan 2026 at \d\d:\d\d<\/time>/);
});

test('ids of blocks do not become ids of elements', () => {
  const block = { type: 'section', block_id: 'twice', text: { type: 'mrkdwn', text: 'x' } };
  assert.doesNotMatch(drawBlock(block, names).markup, /\sid=/);
});

test('an unknown block is shown as what it is', () => {
  assert.match(drawBlock({ type: 'hologram', size: 3 }, names).markup, /hologram.*cannot draw/s);
});
