// slack-blocks-to-jsx draws messages on the server, so that the page needs no build step.
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { Message } from 'slack-blocks-to-jsx';
import { type Fields, fieldsOf, textOf } from './fields.ts';
import { type Html, html, trusted } from './html.ts';

/** Names for the ids in texts. */
export interface Names {
  readonly users: readonly { id: string; name: string }[];
  readonly channels: readonly { id: string; name: string }[];
  readonly user_groups: readonly { id: string; name: string; handle: string }[];
}

// The library unescapes &lt; &gt; &amp; before it looks for mentions, so an escaped <!channel> would be drawn as a
// broadcast, which Slack never does. Private-use characters carry them through the library.
const kept: readonly (readonly [string, string, string])[] = [
  ['&lt;', '\uE000', '&lt;'],
  ['&gt;', '\uE001', '&gt;'],
  ['&amp;', '\uE002', '&amp;'],
];
// plain_text has no markup, but the library reads it as mrkdwn.
const plain: readonly (readonly [string, string, string])[] = [
  ['&', '\uE002', '&amp;'],
  ['<', '\uE000', '&lt;'],
  ['>', '\uE001', '&gt;'],
  ['*', '\uE003', '*'],
  ['_', '\uE004', '_'],
  ['~', '\uE005', '~'],
  ['`', '\uE006', '`'],
  ['\n', '\uE007', '<br>'],
];

function hide(text: string, pairs: typeof kept): string {
  let hidden = text.replace(/[\uE000-\uE00F]/g, '');
  for (const [from, to] of pairs) hidden = hidden.replaceAll(from, to);
  return hidden;
}

function show(markup: string): string {
  let shown = markup;
  for (const [, from, to] of plain) shown = shown.replaceAll(from, to);
  return shown;
}

function prepare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prepare);
  if (typeof value !== 'object' || value === null) return value;
  const fields = fieldsOf(value);
  const prepared: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(fields)) prepared[key] = prepare(inner);
  // Ids of blocks and actions would become ids of elements, several times on one page.
  delete prepared.block_id;
  delete prepared.action_id;
  // Slack still formats a verbatim text; it only makes no links of bare names and addresses. The library would show
  // it raw.
  delete prepared.verbatim;
  if (typeof fields.text !== 'string') return prepared;
  if (fields.type === 'mrkdwn') prepared.text = hide(fields.text, kept);
  if (fields.type === 'plain_text') prepared.text = hide(fields.text, plain);
  return prepared;
}

const dateFormats: Record<string, Intl.DateTimeFormatOptions> = {
  date_num: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { year: 'numeric', month: 'long', day: 'numeric' },
  date_short: { year: 'numeric', month: 'short', day: 'numeric' },
  date_long: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit', hour12: false },
  time_secs: { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
};

function dateText(seconds: number, format: string): string {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+?)(_pretty)?\}/g, (whole, name: string) => {
    const options = dateFormats[name];
    return options === undefined ? whole : new Intl.DateTimeFormat('en-GB', options).format(date);
  });
}

const hooks = {
  date: (date: { timestamp: string; format: string; fallback: string }) =>
    createElement(
      'time',
      // The page shows a countdown for a time in the future.
      { title: date.fallback, 'data-at': date.timestamp },
      Number.isFinite(Number(date.timestamp)) ? dateText(Number(date.timestamp), date.format) : date.fallback,
    ),
  link: (link: { href: string; children: unknown; className?: string }) =>
    createElement(
      'a',
      { href: link.href, className: link.className, target: '_blank', rel: 'noopener noreferrer' },
      link.children,
    ),
};

const drawn = new Map<string, Html>();

function draw(block: Fields, names: Names): Html {
  try {
    const markup = renderToStaticMarkup(
      createElement(Message, {
        blocks: [prepare(block)],
        name: '',
        logo: '',
        withoutWrapper: true,
        theme: 'light',
        hooks,
        data: names,
      }),
    );
    // The wrapper's id repeats for each block. Its style sheet is served with the class instead (server.ts).
    return trusted(show(markup.replaceAll('id="slack_blocks_to_jsx" ', '')));
  } catch {
    return unknownBlock(block);
  }
}

function unknownBlock(block: Fields): Html {
  return html`<pre class="unknown-block">A block of type “${textOf(block.type)}” that this page cannot draw:
${JSON.stringify(block, null, 1)}</pre>`;
}

/** Draws one block without interactive parts. An unknown block is shown as JSON. */
export function drawBlock(block: Fields, names: Names): Html {
  const key = JSON.stringify([block, names]);
  const known = drawn.get(key);
  if (known !== undefined) return known;
  const result = draw(block, names);
  const done = result.markup.includes('slack_blocks_to_jsx--blocks"></div>') ? unknownBlock(block) : result;
  if (drawn.size > 2000) drawn.clear();
  drawn.set(key, done);
  return done;
}

/** Draws a text object or a message's plain `text`, which Slack reads as mrkdwn. */
export function drawText(text: unknown, names: Names): Html {
  const object = typeof text === 'string' ? { type: 'mrkdwn', text } : fieldsOf(text);
  if (textOf(object.text) === '') return html``;
  return drawBlock({ type: 'section', text: object }, names);
}
