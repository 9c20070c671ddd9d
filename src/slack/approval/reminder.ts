import type { RequestView } from '../../calls/request/types.ts';
import { type RenderedMessage, section, topText } from '../kit/blocks.ts';
import { date, listWords, mentionAny, utc } from '../kit/text.ts';
import { waitsFor } from '../words/approval-words.ts';
import { crowdWords, type MessageFacts } from '../words/request-words.ts';

/**
 * The reminder in the card's thread. It is posted once, after half of the time for approval, and mentions the
 * approvers.
 */
export function renderReminder(request: RequestView, facts: MessageFacts): RenderedMessage {
  const crowd = crowdWords(request.counts.callees, request.countries);
  const approvers = listWords((request.approval?.approvers ?? []).slice(0, 40).map(mentionAny));
  const withoutTime = { ...request, expiresAt: null };
  const progress = waitsFor(withoutTime, { ...facts, nameOf: (id) => facts.nameOf?.(id) ?? 'one of them' });
  const end = request.expiresAt === null ? '' : ` It expires ${date(request.expiresAt)}.`;
  const endPlain = request.expiresAt === null ? '' : ` It expires at ${utc(request.expiresAt)}.`;
  return {
    text: topText(`Still waiting for approval: ${crowd} to call.${endPlain}`),
    blocks: [section(`⏰ *Still waiting for approval* to call ${crowd}: ${approvers}${progress}.${end}`)],
  };
}
