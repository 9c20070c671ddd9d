import { createHmac } from 'node:crypto';
import type { NewRequest } from './types.ts';

/**
 * What an approval binds to: callees, message, options, note, channel, when they are called, and how they are called
 * until they are reached. Keyed, because a part of it is in the card's buttons, where a plain hash of a single number
 * could be guessed.
 */
export function hashRequest(
  secret: string,
  request: Pick<
    NewRequest,
    'message' | 'options' | 'note' | 'channelId' | 'threadTs' | 'plan' | 'ladder' | 'whenAt'
  > & {
    callees: string[];
  },
): string {
  const parts = [
    request.callees.toSorted(),
    Object.entries(request.message).toSorted(),
    Object.entries(request.options).toSorted(),
    request.note,
    request.channelId,
    request.threadTs ?? null,
    // Absent where there is none, so that what was asked before there were plans keeps its hash.
    ...(request.plan || request.ladder ? [request.plan ?? null, request.ladder ?? null] : []),
    ...(typeof request.whenAt === 'number' ? [{ whenAt: request.whenAt }] : []),
  ];
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
}
