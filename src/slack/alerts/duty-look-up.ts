import type { LookUpDuty } from '../../calls/reaching/hand-over.ts';
import { readNames, readRosters } from '../../calls/request/stored.ts';
import { collectCallees } from '../asking/collect-callees.ts';
import type { SlackDeps } from '../context/deps.ts';
import { withLearned } from './learned-people.ts';

/**
 * Looks up who is on duty in the rosters of a step, before its people are called again. Null, so that the same people
 * are called, if a list or a person cannot be looked up now.
 */
export function createDutyLookUp(deps: SlackDeps): LookUpDuty {
  return async (request, step) => {
    const notes = readRosters(request.rosters).filter((note) => note.step === step);
    const rosters = [...new Set(notes.map(({ roster }) => roster))];
    const lists = step === 1 ? [...new Set([...readNames(request.lists), ...rosters])] : rosters;
    const patient = { ...deps, people: withLearned(deps) };
    const collect = (names: string[]) =>
      collectCallees(patient, { text: '', lists: names, people: [], fileUrl: null });
    const duty = await collect(rosters);
    const all = lists.length === rosters.length ? duty : await collect(lists);
    const unclear =
      [duty, all].some((each) => Object.keys(each.faults).length + each.notOnPhone.length > 0) ||
      duty.rosters.length < rosters.length ||
      duty.rosters.some(({ why }) => why === 'no_number' || why === 'never_read');
    return unclear ? null : { onDuty: duty.callees, listed: all.callees, rosters: duty.rosters };
  };
}
