import { isGroupId, isUserId } from '../slack-ids.ts';
import { nearest } from './did-you-mean.ts';
import { decodeEntities, type Entry, isNearKnownName, type KnownNames } from './entries.ts';
import { readNumberAndName } from './named-number.ts';
import { maxCalleeLength, type NumberOptions, normalizeTyped, type Trouble } from './number.ts';
import { severalNumbers } from './several-numbers.ts';
import { readLink } from './slack-link.ts';

/**
 * What an entry is. `list` and `recording` have the spelling of the configuration. `doubt`: the numbering plans doubt
 * the number.
 */
export type Meaning =
  | { kind: 'numbers'; numbers: { callee: string; name: string | null; doubt: string | null }[] }
  | { kind: 'person'; id: string }
  | { kind: 'group'; id: string }
  | { kind: 'list'; name: string }
  | { kind: 'recording'; name: string }
  | ({ kind: 'fault' } & Trouble);

const tooLong = fault({
  why: `is longer than any number or name: at most ${maxCalleeLength} characters`,
  fix: 'Split it or remove it',
});

/**
 * What an entry that a person typed or pasted means. Never guesses: text with two meanings is a fault that says so.
 */
export function classify(entry: Entry, names: KnownNames, options: NumberOptions): Meaning {
  switch (entry.kind) {
    case 'tooLong':
      return tooLong;
    case 'link':
      return meaningOfLink(entry.text);
    case 'name':
      return meaningOfName(entry.text, names);
    case 'text':
      return (
        (looksLikeId(entry.text) ? meaningOfId(entry.text) : null) ??
        meaningOfNumber(entry.text, names, options)
      );
  }
}

/** What an entry of a configured list means: a Slack id, or a number with or without a name. */
export function classifyListed(entry: string, options: NumberOptions): Meaning {
  if (entry.length > maxCalleeLength) return tooLong;
  const text = normalizeTyped(decodeEntities(entry)).trim();
  const id = meaningOfId(text);
  if (id !== null) return id;
  const read = readNumberAndName(text, options);
  return 'why' in read ? fault(read) : { kind: 'numbers', numbers: [read] };
}

/** Why a word cannot be called, with the list that was probably meant. */
export function noListWords(word: string, names: KnownNames): Trouble {
  if (word.startsWith('@'))
    return { why: 'is only text here, not a person', fix: 'Choose the person under People in Slack' };
  const near = nearest(word.toLowerCase(), [...names.lists.keys()]);
  const known = near === undefined ? undefined : names.lists.get(near);
  const fix = known === undefined ? 'Check the spelling' : `Did you mean ${known}?`;
  return { why: neitherNumberNorList, fix };
}

const neitherNumberNorList = 'is neither a number nor a list';

function fault({ why, fix }: Trouble): Meaning {
  return { kind: 'fault', why, fix };
}

function meaningOfLink(whole: string): Meaning {
  const link = readLink(whole.slice(1, -1));
  if ('person' in link) return { kind: 'person', id: link.person };
  if ('group' in link) return { kind: 'group', id: link.group };
  return fault('why' in link ? link : { why: neitherNumberNorList, fix: 'Check it' });
}

function meaningOfName(name: string, names: KnownNames): Meaning {
  const list = names.lists.get(name.toLowerCase());
  if (list !== undefined) return { kind: 'list', name: list };
  return { kind: 'recording', name: names.recordings.get(name.toLowerCase()) ?? name };
}

function meaningOfId(text: string): Meaning | null {
  if (isUserId(text)) return { kind: 'person', id: text };
  return isGroupId(text) ? { kind: 'group', id: text } : null;
}

/** A typed word in capitals is only an id if it is long enough and has a digit: "USA" is none. */
function looksLikeId(text: string): boolean {
  return text.length >= 5 && /[0-9]/.test(text);
}

function meaningOfNumber(text: string, names: KnownNames, options: NumberOptions): Meaning {
  const read = readNumberAndName(text, options);
  if ('why' in read) {
    if (read.noNumber) return fault(noListWords(text, names));
    const several = severalNumbers(text, options);
    return several === null ? fault(read) : { kind: 'numbers', numbers: several };
  }
  const trouble = nameTrouble(read.name, read.marked, names);
  return trouble === null ? { kind: 'numbers', numbers: [read] } : fault(trouble);
}

/** Why a name beside a number may be a list or a recording. Null if it is a name. */
function nameTrouble(name: string | null, marked: boolean, names: KnownNames): Trouble | null {
  if (name === null) return null;
  const label = name.toLowerCase();
  if (names.lists.has(label) || names.recordings.has(label)) {
    return {
      why: 'has the name of a list or recording beside a number',
      fix: 'Separate them by a comma',
    };
  }
  return !marked && isNearKnownName(label, names) ? noListWords(name, names) : null;
}
