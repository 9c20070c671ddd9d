import { createHmac } from 'node:crypto';
import type { NewRequest } from './types.ts';

/**
 * The hash that an approval binds to: callees, audio, options, note, channel, when to call, and the plan and ladder.
 * Keyed, because a part of it is in the card's buttons, and a plain hash of a single number could be guessed.
 */
export function hashRequest(
  secret: string,
  request: Pick<
    NewRequest,
    'audio' | 'options' | 'note' | 'channelId' | 'threadTs' | 'plan' | 'ladder' | 'whenAt' | 'rosters'
  > & {
    callees: string[];
  },
): string {
  const parts = [
    request.callees.toSorted(),
    Object.entries(request.audio).toSorted(),
    Object.entries(request.options).toSorted(),
    request.note,
    request.channelId,
    request.threadTs ?? null,
    // Left out if there is none, so that requests from before plans existed keep their hash.
    ...(request.plan || request.ladder ? [request.plan ?? null, request.ladder ?? null] : []),
    // By name: the people on duty may change between approval and call.
    ...(request.rosters?.length ? [{ rosters: request.rosters.map(({ roster }) => roster) }] : []),
    ...(typeof request.whenAt === 'number' ? [{ whenAt: request.whenAt }] : []),
  ];
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
}
