import { asArray, asObject, asText, type JsonObject } from './json.ts';
import type { PieceKind, Sink } from './pieces.ts';

const maximumBlocks = 300;
// Slack nests rich text three or four levels deep; deeper nesting is an attack.
const maximumDepth = 12;

/** Blocks that do not say what happened: buttons, inputs, pictures. */
const silent = new Set(['divider', 'image', 'input', 'file', 'call']);

/** Keys of unknown blocks that hold text for people. */
const wordKeys = [
  'title',
  'subtitle',
  'header',
  'label',
  'text',
  'body',
  'description',
  'content',
  'markdown',
];

/** Reads blocks into the sink. @param nested true inside an attachment */
export function walkBlocks(blocks: unknown, sink: Sink, nested: boolean): void {
  const list = asArray(blocks);
  for (const item of list.slice(0, maximumBlocks)) {
    if (sink.budget <= 0) return;
    const block = asObject(item);
    if (block !== undefined) walkBlock(block, sink, nested, 0);
  }
}

function walkBlock(block: JsonObject, sink: Sink, nested: boolean, depth: number): void {
  if (depth > maximumDepth) return;
  const type = asText(block.type) ?? '';
  if (silent.has(type)) return;
  switch (type) {
    case 'actions':
    case 'context_actions':
      walkButtons(block.elements, sink);
      break;
    case 'header':
      sink.add('header', wordsOf(block.text));
      break;
    case 'section':
      walkSection(block, sink);
      break;
    case 'markdown':
      walkMarkdown(block, sink);
      break;
    case 'context': {
      const words = asArray(block.elements).map((element) => wordsOf(element));
      sink.add('context', words.filter((word) => word !== undefined).join(' '));
      break;
    }
    case 'rich_text':
      sink.add('section', richText(block, 0));
      break;
    case 'table':
    case 'data_table':
      walkTable(block, sink);
      break;
    case 'button':
      sink.link('button', block.url);
      break;
    default:
      walkUnknown(block, sink, nested, depth);
  }
}

function walkSection(block: JsonObject, sink: Sink): void {
  sink.add('section', wordsOf(block.text));
  for (const item of asArray(block.fields).slice(0, 50)) {
    const words = wordsOf(item);
    if (words !== undefined) addField(words, sink);
  }
  walkButtons([block.accessory], sink);
}

/** Blocks write fields as "*Label*\nvalue" or "*Label:* value". */
function addField(words: string, sink: Sink): void {
  const newline = words.indexOf('\n');
  const first = newline < 0 ? words : words.slice(0, newline);
  const bare = first.replace(/[*_`]/g, '').trim();
  if (newline > 0 && bare.length <= 60 && !/[:=]\s*\S/.test(bare)) {
    sink.field(bare.replace(/\s*[:=]$/, ''), words.slice(newline + 1));
    return;
  }
  const pair = /^\s*[*_]{0,2}([^*:\n]{1,40}?)[*_]{0,2}\s?:[*_]{0,2}\s*(\S[\s\S]*)$/.exec(
    words.slice(0, 3_000),
  );
  if (pair?.[1] !== undefined && pair[2] !== undefined && !pair[1].includes('<')) {
    sink.field(pair[1].trim(), pair[2]);
    return;
  }
  sink.add('section', words);
}

function walkMarkdown(block: JsonObject, sink: Sink): void {
  const text = asText(block.text)?.slice(0, Math.max(sink.budget, 0));
  if (text === undefined) return;
  const heading = /^\s{0,20}#{1,6}[ \t]+([^\n]{1,500})\n?/.exec(text);
  if (heading === null) {
    sink.add('section', text);
    return;
  }
  sink.add('header', heading[1]);
  sink.add('section', text.slice(heading[0].length));
}

function walkTable(block: JsonObject, sink: Sink): void {
  const lines: string[] = [];
  for (const row of asArray(block.rows).slice(0, 100)) {
    const cells = asArray(row)
      .slice(0, 20)
      .map((cell) => wordsOf(cell) ?? '');
    const separator = cells.length === 2 ? ': ' : ' | ';
    lines.push(cells.join(separator));
  }
  sink.add('body', lines.join('\n'));
}

function walkButtons(elements: unknown, sink: Sink): void {
  for (const item of asArray(elements).slice(0, 25)) sink.link('button', asObject(item)?.url);
}

/** Reads an unknown block: its text, in the order of its keys, and everything nested in it. */
function walkUnknown(block: JsonObject, sink: Sink, nested: boolean, depth: number): void {
  const kind: PieceKind = nested ? 'body' : 'section';
  for (const key of wordKeys) {
    const value = block[key];
    if (typeof value === 'string') sink.add(kind, value);
    else if (asObject(value) !== undefined) sink.add(kind, wordsOf(value));
  }
  for (const [key, value] of Object.entries(block).slice(0, 50)) {
    if (wordKeys.includes(key) && !Array.isArray(value)) continue;
    const children = Array.isArray(value) ? value : [value];
    for (const child of children.slice(0, maximumBlocks)) {
      const object = asObject(child);
      if (object !== undefined && sink.budget > 0) walkBlock(object, sink, nested, depth + 1);
    }
  }
}

/** The text of a text object, a table cell, a rich text or a plain string. */
function wordsOf(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return String(value);
  const object = asObject(value);
  if (object === undefined || depth > maximumDepth) return undefined;
  if (object.type === 'image') return undefined;
  if (object.elements !== undefined) return richText(object, 0);
  if (typeof object.text === 'string') return asText(object.text);
  if (typeof object.value === 'number') return String(object.value);
  return asText(object.value) ?? wordsOf(object.text, depth + 1);
}

/** Rich text as Slack text. Links become `<url|label>`, so that only one function reads links. */
function richText(node: JsonObject, depth: number): string {
  if (depth > maximumDepth) return '';
  const children = asArray(node.elements).slice(0, 1_000);
  const parts = children.map((child) => {
    const element = asObject(child);
    if (element === undefined) return '';
    switch (element.type) {
      case 'text':
        return asText(element.text) ?? '';
      case 'link':
        return `<${asText(element.url) ?? ''}|${asText(element.text) ?? ''}>`;
      case 'emoji':
        return `:${asText(element.name) ?? ''}:`;
      case 'date':
        return asText(element.fallback) ?? '';
      case 'user':
      case 'usergroup':
      case 'channel':
      case 'broadcast':
        return '';
      default:
        if (element.elements !== undefined) return `${richText(element, depth + 1)}\n`;
        return asText(element.text) ?? '';
    }
  });
  return parts.join('');
}
