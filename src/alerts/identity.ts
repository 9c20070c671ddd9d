import { type Head, isBanner } from './headlines.ts';
import { type Label, subjectsOf } from './labels.ts';
import { linkIds } from './link.ts';
import { looseWords, normalizeTitle } from './normalize-title.ts';
import type { Flattened } from './pieces.ts';
import { readHead } from './words/state-words.ts';

/** What a message is about, in parts. JSON-safe, because it is stored beside the key. */
export interface Identity {
  /**
   * The id of an incident ("incident/PT4KHLK"), which stays the same while it lives. If there is one, it alone makes
   * the key.
   */
  incident: string | null;
  /** The title without state and quantities, with more text if such a title names little. */
  strict: string;
  loose: string;
  /** Ids of rules, checks and projects from the link. */
  things: string[];
  /** Labelled hosts, services, checks …: "host:host=web-1". */
  subjects: string[];
}

const incidentNumbers = [
  /\b(?:incident|problem|issue|case|ticket) ?(?:id|number|no\.?)?[: ]{0,2}#((?:[a-z]{1,6}-)?\d{1,12})\b/i,
  /\bincident (?:id |number |no\.? )?(\d{2,12})\b/i,
  /\b((?:inc-?|prb-?|p-)\d{2,12})\b/i,
];

/** Finds what a message is about. @param title the title that people see */
export function identify(
  flat: Flattened,
  heads: Head[],
  labels: Label[],
  title: string,
  botName: string | undefined,
): Identity {
  const core = normalizeTitle(title);
  const ids = linkIds(flat);
  const incidentId = ids.find((id) => id.isIncident)?.name ?? null;
  const parts = [core.strict];
  const looseParts = [core.loose];
  const isGroup = /^\W{0,12}\[(?:firing|resolved)\b/i.test(title);
  // The title has the labels of the whole group. The list below it changes with each alert that joins the group.
  const listsGroup = isGroup && (/\[firing[^\]\d]{0,3}(?:[2-9]|\d\d)/i.test(title) || /\)\s*$/.test(title));
  const subjects = listsGroup ? new Map<string, string>() : subjectsOf(labels, false);
  if (!isGroup && (core.strict === '' || isBanner(title, botName))) {
    for (const head of heads) {
      const more = normalizeTitle(head.line);
      if (more.strict !== '' && !parts.includes(more.strict)) {
        parts.push(more.strict);
        looseParts.push(more.loose);
      }
    }
  }
  // If the title is a bare name ("orders"), the line above it says what happened: two faults of one name are two
  // alerts.
  if (!isGroup && parts.length === 1 && /^\S+$/.test(core.strict)) {
    const said = heads.map((head) => normalizeTitle(head.line).strict);
    const around = said.find((line) => line !== core.strict && line.split(' ').includes(core.strict));
    if (around !== undefined) parts.push(around);
    else if (namesPlaceOnly(title)) parts.push(...firstBelow(flat, title).map(faultIn));
  }
  if (!isGroup && subjects.size === 0) parts.push(...namesBelow(flat, title));
  const named = [...subjects]
    .map(([label, value]) => `${label}=${normalizeTitle(value).strict || value}`)
    .sort();
  return {
    incident: incidentId ?? numberOf(heads),
    strict: parts.filter((part) => part !== '').join('\n'),
    loose: [...new Set(looseParts.flatMap((part) => part.split(' ')))]
      .filter((word) => word !== '')
      .sort()
      .join(' '),
    things: [...new Set(ids.filter((id) => !id.isIncident).map((id) => id.name))].sort(),
    subjects: named,
  };
}

function numberOf(heads: Head[]): string | null {
  for (const head of heads.slice(0, 4)) {
    for (const pattern of incidentNumbers) {
      const number = pattern.exec(head.line.slice(0, 200))?.[1];
      if (number !== undefined) return `number/${number.toUpperCase()}`;
    }
  }
  return null;
}

/**
 * Names in the first line below the title, because two hosts may share a title: "web-1", "payments-api",
 * "db.example.com", "10.0.0.5", the word next to "service" or after "on". Only names: the rest of that line changes
 * each time.
 */
function namesBelow(flat: Flattened, title: string): string[] {
  const [below] = firstBelow(flat, title);
  if (below === undefined) return [];
  const words = normalizeTitle(below.slice(0, 300)).strict.split(' ');
  const names = words.filter((word, index) => {
    if (!/^[\p{L}\p{N}]/u.test(word) || isQuantity(word)) return false;
    if (/\p{L}/u.test(word) && /\d|[\p{L}\p{N}][._/@-][\p{L}\p{N}]/u.test(word)) return true;
    if (/^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/.test(word)) return true;
    if (/^\d|^.{1,2}$/.test(word) || looseWords.has(word) || kinds.test(word)) return false;
    return places.test(words[index - 1] ?? '') || kinds.test(words[index + 1] ?? '');
  });
  return [...new Set(names)].slice(0, 4).sort();
}

/** The first line that is not the title. */
function firstBelow(flat: Flattened, title: string): string[] {
  const lines = flat.pieces
    .filter((piece) => ['text', 'section', 'body', 'header', 'title'].includes(piece.kind))
    .flatMap((piece) => piece.lines.slice(0, 2));
  return lines.filter((line) => !line.includes(title) && !title.includes(line)).slice(0, 1);
}

/** True for a title such as "prod.example.com", which does not say what happened there. */
function namesPlaceOnly(title: string): boolean {
  return /^\S+$/.test(title) && /[\p{L}\p{N}][.\d]/u.test(title) && readHead(title).said.length === 0;
}

/** "[RESOLVED] Disk almost full (71 % used)" */
function faultIn(line: string): string {
  return normalizeTitle(line.replace(/^\W{0,12}\[[\p{L} :\d]{1,20}\]/u, '')).strict;
}

const kinds =
  /^(?:service|host|server|node|instance|pod|queue|job|app|application|database|cluster|topic|namespace|container|site|function|bucket|table|volume|region|environment)$/;
const places =
  /^(?:on|for|in|service|host|server|node|instance|pod|queue|job|app|application|database|cluster|topic|namespace|container|site|function|bucket|table|volume)$/;

/** Units, protocol versions, digests: words with digits that name nothing. */
function isQuantity(word: string): boolean {
  return (
    /^(?:p\d\d|http\/?\d*|utf-?8|sha\d+|md5|ipv[46]|x\d+)$/.test(word) ||
    /^[\d.,]+[\p{L}%/]{1,5}$/u.test(word) ||
    /^(?=.*\d)[0-9a-f]{7,64}$/.test(word)
  );
}
