import type { SectionBlock } from '@slack/types';
import type { Audio } from '../../calls/request/types.ts';
import { section } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import { foreign, foreignParts } from '../kit/text.ts';

/** Messages cut a text or note that is longer than this many characters. */
export const shownOnMessages = 600;

interface Asked {
  audio: Audio;
  note: string;
}

/** The full text and note, if they have more than `shown` characters. The views in which people decide show them. */
export function wholeRequestBlocks({ audio, note }: Asked, shown = shownOnMessages): SectionBlock[] {
  return [
    ...(audio.kind === 'text' ? wholeBlocks('The whole text', audio.text, shown) : []),
    ...wholeBlocks('The whole note', note, shown),
  ];
}

function wholeBlocks(label: string, text: string, shown: number): SectionBlock[] {
  if (!isCut(text, shown)) return [];
  const [first = '', ...rest] = foreignParts(text, slackLimits.sectionText - 100);
  return [section(`*${label}:* ${first}`), ...rest.map((part) => section(part))];
}

/** True if a message cuts the text or the note. */
export function isCutOnMessages({ audio, note }: Asked): boolean {
  return isCut(note, shownOnMessages) || (audio.kind === 'text' && isCut(audio.text, shownOnMessages));
}

function isCut(text: string, shown: number): boolean {
  return foreign(text, shown) !== foreign(text, Number.POSITIVE_INFINITY);
}
