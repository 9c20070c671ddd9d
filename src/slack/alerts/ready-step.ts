import type { LookUpStep } from '../../calls/reaching/steps.ts';
import { stepOf } from '../../calls/request/ladder.ts';
import { readLadder } from '../../calls/request/stored.ts';
import type { SlackDeps } from '../context/deps.ts';
import { readyRule } from './ready-rule.ts';

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
    const { say = null, recording = null } = further ?? {};
    const isOwn = say !== null || recording !== null;
    const alert = await deps.store.read
      .selectFrom('alerts')
      .select(['channel_id', 'title', 'severity'])
      .where('id', '=', request.alert_id ?? '')
      .executeTakeFirst();
    const ready = await readyRule(
      deps,
      {
        ...rule,
        call: further?.call ?? ladder.firstCall,
        furtherSteps: [],
        ...(isOwn ? { say: say ?? undefined, recording: recording ?? undefined } : {}),
      },
      { channel: alert?.channel_id, botName: ladder.source ?? undefined },
      { title: alert?.title ?? request.alert_title ?? '', severity: alert?.severity ?? null },
    );
    return {
      rosters: ready.rosters ?? [],
      onlyOnDuty: ready.lists?.only ?? [],
      callees: ready.callees,
      audio: isOwn ? ready.audio : null,
      problems: ready.problems,
    };
  };
}
