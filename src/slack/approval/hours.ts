import { clockTime } from '../../callees/hours.ts';
import { loadCallees } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { partedByHours } from '../../calls/sending/hours.ts';
import type { SlackDeps } from '../context/deps.ts';
import { partedWords } from '../words/hours-words.ts';

/**
 * Words about who would be called and who would wait for the hours, if a request that waits for approval were
 * approved at `wallAt` (ms). If the request has a later time, that time counts. Null if nobody would wait.
 */
export async function hoursOfOpen(
  deps: SlackDeps,
  request: RequestView,
  wallAt: number,
): Promise<string | null> {
  const { hours } = deps.config();
  if (hours === undefined || request.state !== 'awaiting_approval' || request.ruleName !== null) return null;
  const callees = await loadCallees(deps.store.read, request.id);
  const parted = partedByHours(callees, hours, Math.max(request.whenAt ?? 0, wallAt));
  return partedWords(parted, clockTime(hours.fromMinute), request.whenAt === null ? 'now' : 'then');
}
