import { createHmac } from 'node:crypto';
import type { NewRequest } from './types.ts';

/**
 * What an approval binds to: callees, message, options, note and channel. Keyed, because a part of it is in the
 * card's buttons, where a plain hash of a single number could be guessed.
 */
export function hashRequest(
  secret: string,
  request: Pick<NewRequest, 'message' | 'options' | 'note' | 'channelId' | 'threadTs'> & {
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
  ];
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
}
