import type { SectionBlock } from '@slack/types';
import type { Audio } from '../../calls/request/types.ts';
import { section } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import { foreign, foreignParts } from '../kit/text.ts';

/** A longer text or note is cut on messages. */
export const shownOnMessages = 600;

interface Asked {
  message: Audio;
  note: string;
}

/** The text and the note in full, if `shown` characters are not enough for them: for the views where people decide. */
export function wholeRequestBlocks({ message, note }: Asked, shown = shownOnMessages): SectionBlock[] {
  return [
    ...(message.kind === 'text' ? wholeBlocks('The whole text', message.text, shown) : []),
    ...wholeBlocks('The whole note', note, shown),
  ];
}

function wholeBlocks(label: string, text: string, shown: number): SectionBlock[] {
  if (!isCut(text, shown)) return [];
  const [first = '', ...rest] = foreignParts(text, slackLimits.sectionText - 100);
  return [section(`*${label}:* ${first}`), ...rest.map((part) => section(part))];
}

/** True if a message shows less than all of it. */
export function isCutOnMessages({ message, note }: Asked): boolean {
  return isCut(note, shownOnMessages) || (message.kind === 'text' && isCut(message.text, shownOnMessages));
}

function isCut(text: string, shown: number): boolean {
  return foreign(text, shown) !== foreign(text, Number.POSITIVE_INFINITY);
}
