import { walkBlocks } from './blocks.ts';
import { asArray, asObject, asText, type JsonObject } from './json.ts';
import type { Flattened, Sink } from './pieces.ts';
import { type FoundLink, linesOf, plainWords } from './text.ts';
import { isUnfurl } from './unfurl.ts';

// How many characters are read, to limit the time for a message of any size. An alert says what it is about on its
// first page; the rest is a list.
const textBudget = 16_000;
const maximumAttachments = 100;
// An attachment's fallback is a second copy: a line or two are enough.
const fallbackLength = 1_500;

/** Turns a message of any tool into plain lines, fields, links and colours. Reads at most 16,000 characters. */
export function flatten(message: JsonObject): Flattened {
  const flat: Flattened = { pieces: [], fields: [], colors: [], fallbacks: [], text: '' };
  const sink = createSink(flat);
  sink.add('text', message.text);
  walkBlocks(message.blocks, sink, false);
  for (const item of asArray(message.attachments).slice(0, maximumAttachments)) {
    const attachment = asObject(item);
    if (attachment !== undefined && !isUnfurl(attachment)) flattenAttachment(attachment, sink);
    if (sink.budget <= 0) break;
  }
  const lines = flat.pieces.filter((piece) => piece.kind !== 'button').flatMap((piece) => piece.lines);
  flat.text = lines.join('\n');
  return flat;
}

function createSink(flat: Flattened): Sink {
  const sink: Sink = {
    flat,
    budget: textBudget,
    add(kind, raw) {
      const text = cut(raw, sink);
      if (text === undefined) return;
      const links: FoundLink[] = [];
      const lines = linesOf(plainWords(text, links));
      if (lines.length > 0 || links.length > 0) flat.pieces.push({ kind, lines, links });
    },
    field(label, value) {
      const links: FoundLink[] = [];
      const name = linesOf(plainWords(cut(label, sink) ?? '', links)).join(' ');
      const lines = linesOf(plainWords(cut(value, sink) ?? '', links));
      if (name === '' && lines.length === 0) return;
      flat.fields.push({ label: name, value: lines.join(' ') });
      const shown = name === '' ? lines : [`${name}: ${lines[0] ?? ''}`, ...lines.slice(1)];
      flat.pieces.push({ kind: 'field', lines: shown, links });
    },
    link(kind, url) {
      const text = asText(url);
      if (text === undefined || text.length > 3_000 || !/^https?:\/\//i.test(text)) return;
      const unescaped = text.replace(/&amp;/g, '&');
      flat.pieces.push({ kind, lines: [], links: [{ url: unescaped, label: '' }] });
    },
  };
  return sink;
}

function cut(raw: unknown, sink: Sink): string | undefined {
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  const text = asText(raw);
  if (text === undefined || sink.budget <= 0) return undefined;
  const taken = text.slice(0, sink.budget);
  sink.budget -= taken.length;
  return taken;
}

function flattenAttachment(attachment: JsonObject, sink: Sink): void {
  const before = sink.flat.pieces.length;
  const color = asText(attachment.color);
  if (color !== undefined) sink.flat.colors.push(color.slice(0, 20));
  sink.add('pretext', attachment.pretext);
  sink.add('context', attachment.author_name);
  const titleAt = sink.flat.pieces.length;
  sink.add('title', attachment.title);
  const title = sink.flat.pieces[titleAt];
  const titleLink = asText(attachment.title_link);
  if (titleLink !== undefined && title !== undefined) {
    title.links.unshift({ url: titleLink.replace(/&amp;/g, '&'), label: '' });
  }
  if (titleLink !== undefined && title === undefined) sink.link('title', titleLink);
  sink.add('body', attachment.text);
  for (const item of asArray(attachment.fields).slice(0, 100)) {
    const field = asObject(item);
    if (field === undefined) continue;
    // A field that repeats the title has the text below it.
    if (attachment.title !== undefined && field.title === attachment.title) sink.add('body', field.value);
    else sink.field(field.title, field.value);
  }
  walkBlocks(attachment.blocks, sink, true);
  const fallback = asText(attachment.fallback)?.slice(0, fallbackLength);
  const hasFallback = fallback !== undefined && !/^\[no preview available\]$/i.test(fallback);
  const gave = sink.flat.pieces.slice(before).some((piece) => piece.lines.length > 0);
  if (hasFallback && !gave) sink.add('fallback', fallback);
  if (hasFallback && sink.flat.fallbacks.length < 3) {
    sink.flat.fallbacks.push(linesOf(plainWords(fallback, [])).join('\n'));
  }
  for (const item of asArray(attachment.actions).slice(0, 25)) sink.link('button', asObject(item)?.url);
  sink.add('context', attachment.footer);
}
