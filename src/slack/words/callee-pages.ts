import type { ActionsBlock, ContextBlock, SectionBlock } from '@slack/types';
import type { CallView } from '../../calls/request/types.ts';
import { actions, button, context, section } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import { capital, chunkLines, count, duration, foreign } from '../kit/text.ts';
import {
  type CallFacts,
  callEmoji,
  calleeLabel,
  codeOf,
  keyWords,
  outcomeWords,
  reasonWords,
  saidWords,
} from './call-words.ts';

/** How many calls one page of a modal shows. */
export const pageSize = 50;

/** `page` is counted from 0; `pages` is how many there are. */
export interface Page {
  page: number;
  pages: number;
}

export function pagesOf(calls: number): number {
  return Math.max(1, Math.ceil(calls / pageSize));
}

/** One line for each callee: the name or number, and with `results` how the call ended. */
export function calleeBlocks(
  calls: readonly CallView[],
  { masked, results, mustConfirm = false }: { masked: boolean; results: boolean } & CallFacts,
): SectionBlock[] {
  const lines = calls.slice(0, pageSize).map((call) => {
    const who = `${call.position}. ${foreign(calleeLabel(call, masked), 100)}`;
    if (!results) return who;
    const code = codeOf(call);
    const rest = [
      call.state === 'answered' ? answeredHow(call) : reasonWords(call),
      saidWords(call),
      code === '' ? '' : `code ${code}`,
      call.voiceId === null ? '' : `voiceId ${call.voiceId}`,
    ].flatMap((each) => (each === '' ? [] : [foreign(each, 120)]));
    return `${who}: ${callEmoji(call, { mustConfirm })} ${outcomeWords(call, { mustConfirm })}${rest.map((each) => ` · ${each}`).join('')}`;
  });
  return chunkLines(lines, slackLimits.sectionText).map((text) => section(text));
}

/** Returns "9 s, pressed 1". The state before it says that the call was answered. */
function answeredHow(call: CallView): string {
  const { callDuration } = call;
  const key = keyWords(call);
  return [
    ...(callDuration !== null && callDuration > 0 ? [duration(callDuration)] : []),
    ...(key === '' ? [] : [`pressed ${key}`]),
  ].join(', ');
}

/** Buttons for the previous and the next page. Their value is "<request>:<page>", pages counted from 0. */
export function pager(prefix: string, requestId: string, { page, pages }: Page): ActionsBlock[] {
  return actions(
    [
      ...(page > 0 ? [button('Previous', `${prefix}_previous`, `${requestId}:${page - 1}`)] : []),
      ...(page + 1 < pages ? [button('Next', `${prefix}_next`, `${requestId}:${page + 1}`)] : []),
    ],
    `${prefix}_pages`,
  );
}

/** A small line below a page of calls: which page it is, if numbers are masked, and more notes. */
export function pageNotes(
  { page, pages, masked }: Page & { masked: boolean },
  more: readonly string[] = [],
): ContextBlock[] {
  const notes = [
    ...(pages < 2 ? [] : [`page ${count(page + 1)} of ${count(pages)}`]),
    ...(masked ? ['numbers are masked'] : []),
    ...more,
  ];
  return notes.length === 0 ? [] : [context(capital(notes.join(' · ')))];
}
