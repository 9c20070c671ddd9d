import { sourceOfPlace } from '../../alerts/formats/heard.ts';
import { isWithin } from '../../alerts/match-rules.ts';
import { channelOfRule } from '../../paging/alert-posts.ts';
import { beginSilence, silenceOf, silenceTitle } from '../../paging/silence.ts';
import type { TaskHandler } from '../../queue/types.ts';
import { slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { lookForMissed } from './missed.ts';
import { readyRule } from './ready-rule.ts';

const lookAgainMs = 60_000;
/** What was read from the history is understood by then. */
const understandMs = 5_000;

/**
 * The handler of "alerts.silence" tasks (key: the rule's name): calls when no matching message has come for
 * `silentFor`. Before that the channels are read: what Slack did not deliver is no silence of the tool's.
 */
export function createSilenceWatch(deps: SlackDeps): TaskHandler {
  return async (task, lease) => {
    const rule = deps.config().rules.find((each) => each.name === task.key);
    const silence = await silenceOf(deps.store.read, task.key);
    if (rule?.silentForMs === undefined || silence === undefined || silence.alert_id !== null)
      return undefined;
    const now = deps.clock.now();
    const dueAt = silence.heard_at + rule.silentForMs;
    if (dueAt > now) return { againAt: dueAt };
    if (!isWithin(rule, deps.clock.wallOf(now))) return { againAt: now + lookAgainMs };
    // A source posts to us: it needs no Slack.
    const needsSlack = rule.channels.length > 0 && deps.identity.botUserId === '';
    if (needsSlack) return { againAt: now + 1_000 };
    try {
      const found = await lookForMissed(deps, rule.channels, lease);
      if (found > 0 && now < dueAt + lookAgainMs) return { againAt: now + understandMs };
    } catch (error) {
      deps.log.warn(
        { rule: rule.name, failure: slackFailure(error) },
        'nothing came for a rule, and Slack cannot be asked whether that is so: looking again in a minute',
      );
      return { againAt: now + lookAgainMs };
    }
    const source = sourceOfPlace(silence.channel_id);
    const channel = source === undefined ? silence.channel_id : channelOfRule(deps.config(), source, rule);
    const from = { channel, botName: silence.source ?? undefined };
    const ready = await readyRule(deps, rule, from, { title: silenceTitle(rule), severity: null });
    await deps.store.transaction((tx) => beginSilence(tx, deps, ready, silence));
    return undefined;
  };
}
