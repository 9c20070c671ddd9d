// Nothing that anybody can send blocks the process: every parser of src gets 100 kB of its worst input, and a list of
// 10 MB. Measured as CPU time of this thread, so that other work on the machine does not count.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate } from '../src/alerts/filter.ts';
import { flatten } from '../src/alerts/flatten.ts';
import { renderSay, speakable } from '../src/alerts/speech.ts';
import { understand } from '../src/alerts/understand.ts';
import { parseCalleeFile } from '../src/callees/file.ts';
import { cleanName, readNumberAndName } from '../src/callees/named-number.ts';
import { readNumber } from '../src/callees/number.ts';
import { type CalleeOptions, readCallees } from '../src/callees/parse.ts';
import { readLink } from '../src/callees/slack-link.ts';
import { cleanText } from '../src/clean-text.ts';
import { parseForeignJson, TooManyParts } from '../src/foreign-json.ts';
import { redactNumbers } from '../src/log.ts';
import { parseCommand } from '../src/slack/asking/parse-command.ts';
import { foreign, oneLine, plain, truncateMarkup } from '../src/slack/kit/text.ts';
import { inSlices } from '../src/slices.ts';
import { parseEnvelope } from '../src/voice/envelope.ts';
import { parseJson } from '../src/voice/json.ts';
import { longestBlock } from './support/quick.ts';
import { configOf } from './support/world.ts';

const heldMs = 50;
const length = 100_000;

/**
 * Pieces whose repetition is the worst input for some pattern: they may begin a match again and again, and never end
 * one.
 */
const pieces = [
  ...[
    '1 ',
    '1',
    '+',
    '+1',
    '(',
    ')',
    '-',
    ' ',
    '\t',
    '0',
    '00 ',
    '1/',
    '1+',
    '1,',
    '1;',
    '1\n',
    '6591110001\n',
  ],
  ...[
    '+6591110001\n',
    '+65 9111 0001 ',
    'A',
    'A ',
    'A:',
    'A=',
    'Aa 1 ',
    'a1',
    'é',
    '-A',
    "A'",
    '"',
    '""',
    '"\n',
    ',"',
  ],
  ...[
    '<',
    '>',
    '<>',
    '<a',
    '<@',
    '<@U1>',
    '<@U1|',
    '<tel:',
    '<tel:1|1>',
    '<!',
    'http:',
    'https://a',
    '[a](',
    '[',
    ']',
  ],
  ...[
    '&',
    '&lt;',
    '&amp;',
    '*',
    '*a',
    '*a:*',
    '_',
    '_a',
    '~',
    '~a',
    '`',
    ':',
    ':a',
    ':a:',
    '#',
    '{',
    '{a}',
    '@here ',
  ],
  ...[
    'tel:',
    'x',
    'ext',
    '1x1',
    '1e',
    '.',
    '1.',
    '1.1.1.1 ',
    'no data ',
    'not ',
    'is no longer ',
    'ok to ',
    'status: ',
  ],
  ...[
    '[FIRING',
    '[FIRING:1] ',
    '(a ',
    'error ',
    'Resolved: ',
    'severity=',
    '10%',
    '12:30 ',
    '2026-01-01',
    'Jan 1 ',
  ],
  ...[
    'daily a ',
    '1 alerts ',
    'high ',
    'cpu ',
    'threshold ',
    'deploy ',
    'monitor ',
    'message : ',
    'a: b ',
    'a-',
    'a/',
    '…',
  ],
  ...[
    '\ud800',
    '\u0000',
    '\u200b',
    '\u202e',
    '👩‍⚕️',
    '９',
    '９ ',
    '\r',
    '\r\n',
    '\v',
    '=',
    '="',
    '="1',
    ';',
    '"a',
    '\\',
  ],
];
const worst = pieces.map((piece) => ({
  piece,
  text: piece.repeat(Math.ceil(length / piece.length)).slice(0, length),
}));

const lists = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => [`list number ${index}`, ['+6591110001']]),
);
const options: CalleeOptions = { country: 'IN', lists, recordings: ['fire-drill'], atMost: 10_000 };
const config = configOf('lists: { "db-oncall": ["+91 85632 14120"] }');

/** The longest time that the thread was busy without a pause while `work` ran, ms. The best of three runs. */
async function held(work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && best > heldMs; run += 1) best = Math.min(best, await longestBlock(work));
  return best;
}

const understood = (text: string) =>
  understand(flatten({ text }), { channel: 'C', botId: 'B', botName: text });
const inPlaces = (text: string) => ({
  text,
  blocks: [
    { type: 'section', text: { type: 'mrkdwn', text }, fields: [{ type: 'mrkdwn', text }] },
    { type: 'markdown', text },
    { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }] },
  ],
  attachments: [
    {
      title: text,
      title_link: text,
      text,
      fallback: text,
      pretext: text,
      fields: [{ title: text, value: text }],
    },
  ],
});

const parsers: Record<string, (text: string) => unknown> = {
  'callees as text': (text) => inSlices(readCallees(text, options)),
  'callees as a file': (text) => parseCalleeFile(Buffer.from(text), options),
  'callees in the second column of a file': (text) =>
    parseCalleeFile(Buffer.from(`name,callee\nAsha,6591110001\nBen,${text}`), options),
  'a number': (text) => [readNumber(text, options), readNumberAndName(text, options), cleanName(text)],
  'a link of Slack': (text) => readLink(text),
  'the command': (text) =>
    parseCommand(text, config, { names: () => Object.keys(config.recordings), fileIdOf: () => null }),
  'an alert': understood,
  'an alert in every place of a message': (text) =>
    understand(flatten(inPlaces(text)), { channel: 'C', botId: 'B', botName: undefined }),
  'an edited message': (text) =>
    gate({
      type: 'message',
      subtype: 'message_changed',
      channel: 'C',
      message: { ...inPlaces(text), bot_id: 'B', ts: '1.1' },
      previous_message: { ...inPlaces(`${text}x`), bot_id: 'B', ts: '1.1' },
    }),
  'spoken text': (text) => [
    speakable(text),
    renderSay(
      `{title} ${text.slice(0, 1_000)}`,
      { title: text, severity: text, source: text, channel: text },
      300,
    ),
  ],
  'text that is shown': (text) => [
    oneLine(text),
    plain(text, 300),
    foreign(text, 300),
    truncateMarkup(text, 300),
  ],
  'a log line': redactNumbers,
  'text at an edge': cleanText,
  'JSON of others': (text) => {
    for (const json of [text, `{"a":"${text}"}`, `[${text}`])
      try {
        parseForeignJson(json, { mostParts: 60_000 });
      } catch (error) {
        assert.ok(error instanceof SyntaxError || error instanceof TooManyParts);
      }
  },
  'an answer of the voice platform': (text) =>
    parseEnvelope(parseJson(JSON.stringify({ status: text, reason: text }))),
};

describe('nothing that is sent blocks the process', () => {
  for (const [name, parse] of Object.entries(parsers)) {
    test(`${name}: 100 kB of anything`, async () => {
      parse('to have the code compiled');
      const slow: string[] = [];
      for (const { piece, text } of worst) {
        const ms = await held(() => parse(text));
        if (ms > heldMs) slow.push(`${JSON.stringify(piece)} ${Math.round(ms)} ms`);
      }
      assert.deepEqual(slow, []);
    });
  }

  test('a list of 10 MB, with any content', async () => {
    const slow: string[] = [];
    const lines = [
      '1 ',
      '1\n',
      '6591110001\n',
      '+65 9111 0001,Asha\n',
      'Asha;+6591110001\r\n',
      'a,',
      '"',
      '"a\n',
      'é\n',
      '\n',
      ' ',
    ];
    for (const line of lines) {
      const bytes = Buffer.from(line.repeat(Math.floor(10_000_000 / Buffer.byteLength(line))));
      const ms = await held(() => parseCalleeFile(bytes, options));
      if (ms > heldMs) slow.push(`${JSON.stringify(line)} ${Math.round(ms)} ms`);
    }
    for (const line of [' \n', '\r', '\n', ',\n', ';;;\n']) {
      const bytes = Buffer.from(`6591110001\n${line.repeat(Math.floor(9_999_000 / line.length))}x`);
      const ms = await held(() => parseCalleeFile(bytes, options));
      if (ms > heldMs) slow.push(`one number and ${JSON.stringify(line)} ${Math.round(ms)} ms`);
    }
    let at = 0;
    const different = `${Array.from({ length: 600_000 }, () => `+65${91_110_000 + at++},Person ${at}`).join('\n')}\n`;
    const ms = await held(() => parseCalleeFile(Buffer.from(different), { ...options, atMost: 100_000 }));
    if (ms > heldMs) slow.push(`different numbers ${Math.round(ms)} ms`);
    assert.deepEqual(slow, []);
  });
});
