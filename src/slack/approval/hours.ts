import { clockTime } from '../../callees/hours.ts';
import { loadCallees } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { partedByHours } from '../../calls/sending/hours.ts';
import type { SlackDeps } from '../context/deps.ts';
import { partedWords } from '../words/hours-words.ts';

/**
 * Who would be called and who would wait for the hours of the configuration, if a request that waits for approval were
 * approved at `wallAt` (ms), or is called when its time comes after that. Null: nobody waits.
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
