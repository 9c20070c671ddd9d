/** rich_text blocks. Shapes from @slack/types 3.2.0; text inside counts towards the message's total. */

import type { Check, Shape } from './block-checks.ts';
import {
  boolean,
  integer,
  isObject,
  kind,
  list,
  may,
  must,
  oneOf,
  string,
  typed,
  wrong,
} from './block-checks.ts';

const style: Shape = {
  style: may((value, at, context) => {
    if (!isObject(value)) return wrong(context, at, 'must provide an object');
    for (const [key, on] of Object.entries(value)) boolean(on, `${at}/${key}`, context);
  }),
};
const id = must(string(255, 1));

const inline: Record<string, Check> = {
  text: kind('text', { ...style, text: must(string(40_000, 1, true)) }),
  link: kind('link', {
    ...style,
    url: must(string(3000, 1)),
    text: may(string(40_000, 0, true)),
    unsafe: may(boolean),
  }),
  emoji: kind('emoji', { ...style, name: id, unicode: may(string(255)), url: may(string(3000)) }),
  user: kind('user', { ...style, user_id: id }),
  usergroup: kind('usergroup', { ...style, usergroup_id: id }),
  channel: kind('channel', { ...style, channel_id: id }),
  team: kind('team', { ...style, team_id: id }),
  broadcast: kind('broadcast', { ...style, range: must(oneOf('here', 'channel', 'everyone')) }),
  color: kind('color', { ...style, value: id }),
  date: kind('date', {
    ...style,
    timestamp: must(integer(0, 9_999_999_999)),
    format: must(string(255, 1)),
    url: may(string(3000)),
    fallback: may(string(255)),
  }),
};

const anyInline = list(typed(inline, 'a rich text element'), 0, 3000);
const border: Shape = { border: may(oneOf(0, 1)) };
const section = kind('rich_text_section', { elements: must(anyInline) });

const parts: Record<string, Check> = {
  rich_text_section: section,
  rich_text_list: kind('rich_text_list', {
    ...border,
    style: must(oneOf('bullet', 'ordered')),
    elements: must(list(section, 1, 3000)),
    indent: may(integer(0, 8)),
    offset: may(integer(0, 100_000)),
  }),
  rich_text_quote: kind('rich_text_quote', { ...border, elements: must(anyInline) }),
  rich_text_preformatted: kind('rich_text_preformatted', {
    ...border,
    elements: must(list(typed(inline, 'text or link', ['text', 'link']), 0, 3000)),
    language: may(string(255)),
  }),
};

/** A rich_text block, alone or in a table's cell. */
export const richText: Check = kind('rich_text', {
  block_id: may(string(255, 1)),
  elements: must(list(typed(parts, 'a rich text part'), 1, 3000)),
});
