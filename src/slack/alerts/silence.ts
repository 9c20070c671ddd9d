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
/** By then the messages that were read from the history are processed. */
const understandMs = 5_000;

/**
 * The handler of "alerts.silence" tasks (key: the rule's name). Calls people if no matching message came for
 * `silentFor`. It reads the channels first, because Slack may not have delivered a message.
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
    // Messages of a source come to us directly, so such a rule does not need Slack.
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
