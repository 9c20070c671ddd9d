import type { RequestView } from '../../calls/request/types.ts';
import { channelMention, date, foreign, listWords, mention } from '../kit/text.ts';
import { decisionLines } from './approval-words.ts';
import { waitingForHours } from './hours-words.ts';
import { reachLine } from './reach-words.ts';
import { crowdWords, playedWords } from './request-words.ts';
import { countWords, stateWords } from './state-words.ts';

/** One request in one or two lines of mrkdwn. */
export function requestLine(request: RequestView): string {
  const { emoji, words } = stateWords(request);
  const crowd = crowdWords(request.counts.callees, request.countries);
  const outside = waitingForHours(request);
  const counts = listWords(countWords(request.counts, false));
  const rule = request.ruleName === null ? '' : `, rule ${foreign(request.ruleName, 80)}`;
  const asked = request.requestedBy === null ? '' : ` · asked by ${mention(request.requestedBy)}`;
  return [
    `${emoji} *${words}*: ${crowd}, ${playedWords(request.message, request.options, 120)}${rule}`,
    `\`${foreign(request.id, 60)}\` · ${date(request.createdAt)} · ${channelMention(request.channelId)}${asked}${counts === '' ? '' : ` · ${counts}`}`,
    ...(request.reach?.running ? [reachLine(request.reach)] : []),
    ...(outside === null ? [] : [`🌙 ${outside}`]),
    ...decisionLines(request, mention),
  ].join('\n');
}
