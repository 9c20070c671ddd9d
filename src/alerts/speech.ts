import { visible } from './text.ts';

/** What a rule's `say` may contain. */
export interface SayFacts {
  title: string;
  severity: string | null;
  /** The tool: the name of its bot. */
  source: string;
  /** The channel's name, without "#". */
  channel: string;
}

// Longer facts are cut before any other work, to limit the time.
const factLength = 1_000;

/**
 * The text to speak: the template with `{title}`, `{severity}`, `{source}`, `{channel}` filled in. Foreign text loses
 * links, ids, mark-up, signs and everything that sounds like a number to call.
 * @param maxLength the most characters that the platform takes
 * @returns at most `maxLength` characters, cut at a word, never empty
 */
export function renderSay(template: string, facts: SayFacts, maxLength: number): string {
  const known: Record<string, string> = {
    title: speakable(withoutStatePrefix(facts.title)),
    severity: facts.severity === null ? '' : speakable(facts.severity),
    source: speakable(facts.source),
    channel: speakable(facts.channel),
  };
  // In one pass, so that a title that contains "{severity}" is not filled in again.
  const filled = visible(template).replace(
    /\{([a-z]{1,20})\}/gi,
    (_, name: string) => known[name.toLowerCase()] ?? '',
  );
  const text = tidy(filled);
  if (/[\p{L}\p{N}]/u.test(text)) return cutAtWord(text, maxLength);
  return cutAtWord(known.title === '' ? 'Alert.' : (known.title ?? 'Alert.'), maxLength);
}

/** Foreign text that a voice can read: no links, ids, mark-up, emoji, commands or phone numbers. */
export function speakable(foreign: string): string {
  let text = visible(foreign.slice(0, factLength)).normalize('NFKC');
  text = text.replace(/<[@!#][^<>]{0,200}>/g, ' ').replace(/<[^<>|]{0,500}\|([^<>]{0,500})>/g, '$1');
  text = text
    .replace(/\b(?:https?|ftp|mailto|tel|sip|slack):[^\s<>|]{1,1000}/gi, ' ')
    .replace(/\bwww\.[^\s<>|]{1,500}/gi, ' ');
  text = text.replace(/(?<![\w:]):[a-z][a-z0-9_+-]{0,40}:/gi, ' ');
  text = text.replace(
    /[\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\ufe0f\u20e3]/gu,
    (sign) => (/[\d#*©®]/.test(sign) ? sign : ' '),
  );
  text = text.replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, ' ');
  text = text.replace(/\b(?=[0-9a-f]{0,64}\d)(?=\d{0,64}[a-f])[0-9a-f]{10,64}\b/gi, ' ');
  text = text.replace(/(^|\s)\/+(?=[a-z])/gi, '$1').replace(/@(?:channel|here|everyone)\b/gi, ' ');
  text = text.replace(/[*_~`<>|{}[\]()#^\\=@$&"“”]+/g, ' ');
  return tidy(withoutNumbers(text));
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
// A machine's address may have a value after it: "10.0.0.5: 95%".
const machine = new RegExp(
  `^${octet}(?:\\.${octet}){3}(?:[:/]\\d{1,5})?(?:[,;:]? \\d{1,3}(?:\\.\\d{1,2})?)?$`,
);
// "1,234,567" is an amount, below a thousand million.
const amount = /^[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d{1,2})?$/;

/**
 * Removes what sounds like a number to call: at least seven digits with only spaces and signs between them, such as
 * "9,1,9,0,0,5,5". Addresses of machines and amounts stay.
 */
function withoutNumbers(text: string): string {
  return text.replace(/\+?\p{Nd}(?:[^\p{L}\p{Nd}]{0,4}\p{Nd})*/gu, (run) => {
    const digits = run.replace(/\P{Nd}/gu, '').length;
    if (digits < 7) return run.replace('+', ' ');
    return machine.test(run) || amount.test(run) ? run : ' ';
  });
}

/** Voices cannot read "[FIRING:2]"; the rule's own words say that something fires. */
function withoutStatePrefix(title: string): string {
  return title.replace(/^\W{0,12}\[(?:firing|resolved)[^[\]]{0,40}\]\s*/i, '');
}

function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;:!?])/g, '$1')
    .replace(/([.,;:!?])(?:[.,;:!?])+/g, '$1')
    .replace(/^[\s.,;:!?–—-]+/, '')
    .trim();
}

function cutAtWord(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const head = text.slice(0, maxLength + 1);
  const space = head.lastIndexOf(' ');
  const cut = space > 0 ? head.slice(0, space) : text.slice(0, maxLength);
  return cut.replace(/[\ud800-\udbff]$/, '').replace(/[\s,;:–—-]+$/, '');
}
