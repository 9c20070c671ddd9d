export interface FoundLink {
  url: string;
  label: string;
}

// Control characters except newline and tab, soft hyphen, zero-width, bidi controls, line separators, BOM, tags, lone
// surrogates.
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}\ud800-\udfff]/gu;

/** The text without invisible characters (control, bidi, zero-width). Newlines stay. */
export function visible(text: string): string {
  return text.replace(invisible, '');
}

/**
 * Slack text as plain words: `<url|label>` becomes its label; mentions and mark-up characters are removed; `&lt; &gt;
 * &amp;` are unescaped once, at the end. The result is data and is never read as mark-up again.
 * @param raw the caller limits its length; every pattern here is linear
 * @param links gets the links found, in order
 */
export function plainWords(raw: string, links: FoundLink[]): string {
  let text = visible(raw);
  // "*Host:* a *Check:* b" are two lines for labels.ts. In "PSP *stripe*: 71 % succeed" the bold word is part of a sentence.
  text = text.replace(/^[^\p{L}\n]{0,12}\*[^*\n]{1,40}(?::\*|\*:).*$/gmu, (line) =>
    line.replace(/[ \t]\*([^*\n]{1,40})(?::\*|\*:)/g, '\n*$1:*'),
  );
  text = text.replace(
    /!?\[([^[\]\n]{0,300})\]\((https?:[^()\s]{1,2000})\)/g,
    (_, label: string, url: string) => {
      links.push({ url: unescapeOnce(url), label: unescapeOnce(label) });
      return label;
    },
  );
  text = text.replace(/<([^<>]{0,3000})>/g, (_, inner: string) => angle(inner, links));
  text = text.replace(/https?:\/\/[^\s<>|"'`]{4,2000}/g, (url) => {
    links.push({ url: unescapeOnce(url), label: '' });
    return url;
  });
  text = text.replace(/[*`]+/g, '').replace(/~([^~\n]{1,300})~/g, '$1');
  text = text.replace(/(?<![\p{L}\p{N}_])_([^_\n]{1,300})_(?![\p{L}\p{N}_])/gu, '$1');
  text = text.replace(/^[ \t]*(?:#{1,6}[ \t]+|(?:>|&gt;)[ \t]?)+/gm, '');
  return unescapeOnce(text);
}

function angle(inner: string, links: FoundLink[]): string {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? '' : inner.slice(bar + 1);
  if (target.startsWith('@') || target.startsWith('!')) {
    return target.startsWith('!date^') ? label : '';
  }
  if (target.startsWith('#')) return label === '' ? '' : `#${label}`;
  if (/^(?:https?|mailto|tel):/i.test(target)) {
    if (/^https?:/i.test(target)) links.push({ url: unescapeOnce(target), label: unescapeOnce(label) });
    // A written-out address would be found twice, so only its words stay.
    if (label === '') return /^https?:/i.test(target) ? hostAndPath(target) : '';
    return label.replace(/^https?:\/\//i, '');
  }
  return ` ${inner} `;
}

function hostAndPath(url: string): string {
  return url.replace(/^https?:\/\//i, '').replace(/[?#].*$/s, '');
}

function unescapeOnce(text: string): string {
  return text.replace(/&(lt|gt|amp);/g, (_, name: string) =>
    name === 'lt' ? '<' : name === 'gt' ? '>' : '&',
  );
}

/** The lines that say something, trimmed, with single blanks. A lone bullet says nothing. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/[ \t\u00a0]+/g, ' ').trim())
    .filter((line) => line !== '' && !/^[•·▪‣◦-]$/u.test(line));
}
