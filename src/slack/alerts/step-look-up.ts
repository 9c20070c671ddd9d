import type { LookUpStep } from '../../calls/reaching/steps.ts';
import { stepOf } from '../../calls/request/ladder.ts';
import { readLadder } from '../../calls/request/stored.ts';
import type { SlackDeps } from '../context/deps.ts';
import { readyStep } from './ready-rule.ts';

/**
 * Looks up whom a further step of a rule calls, and its audio if the step has its own. Lists and rosters are read
 * from the current configuration.
 */
export function createStepLookUp(deps: SlackDeps): LookUpStep {
  return async (request, step) => {
    const rule = deps.config().rules.find((each) => each.name === request.rule_name);
    const ladder = readLadder(request.ladder);
    if (rule === undefined || ladder === null) return null;
    const further = stepOf(ladder, step);
    const alert = await deps.store.read
      .selectFrom('alerts')
      .select(['channel_id', 'title', 'severity'])
      .where('id', '=', request.alert_id ?? '')
      .executeTakeFirst();
    return await readyStep(
      deps,
      rule,
      {
        call: further?.call ?? ladder.firstCall,
        say: further?.say ?? undefined,
        recording: further?.recording ?? undefined,
      },
      { channel: alert?.channel_id, botName: ladder.source ?? undefined },
      { title: alert?.title ?? request.alert_title ?? '', severity: alert?.severity ?? null },
    );
  };
}
