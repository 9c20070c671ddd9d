import { renderSay } from '../../alerts/speech.ts';
import type { ReadyStep } from '../../calls/reaching/steps.ts';
import type { Audio } from '../../calls/request/types.ts';
import { within } from '../../clock.ts';
import type { Rule } from '../../config/types.ts';
import { isOnlyName } from '../../config/values.ts';
import type { ReadyRule } from '../../paging/types.ts';
import { isMemberId } from '../../slack-ids.ts';
import { collectCallees, firstFaults, masked, onlyListed } from '../asking/collect-callees.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mentionAny } from '../kit/text.ts';
import { withLearned } from './learned-people.ts';

/**
 * Whom a rule calls (lists, numbers, users, user groups), and what they hear. Callees come only from the
 * configuration; of the alert, only words such as its title can get into the text.
 */
export async function readyRule(
  deps: SlackDeps,
  rule: Rule,
  from: { channel: string | undefined; botName: string | undefined },
  alert: { title: string; severity: string | null },
): Promise<ReadyRule> {
  const patient = { ...deps, people: withLearned(deps) };
  const { gone, ...sources } = sourcesOf(deps, rule.call);
  const collected = await collectCallees(patient, sources);
  // Who is on duty is looked up again after an approval and before a further attempt.
  const again = collected.rosters.length > 0 && (rule.approval === 'policy' || rule.attempts > 1);
  return {
    rule,
    callees: collected.callees,
    duplicates: collected.duplicates,
    audio: await audioOf(deps, rule, from, alert),
    // Numbers are masked because the alert's channel shows these words. The full stop is removed because they become
    // parts of one sentence, and the line because a rule's entries have none.
    problems: firstFaults([
      ...gone.map((name) => `The configuration has no list or roster “${name}” any more.`),
      ...Object.values(collected.faults).flat(),
      ...collected.notOnPhone,
      ...collected.leftOut,
    ]).map((each) => masked(each).replace(/( \(line \d+\))?\.$/, '')),
    rosters: collected.rosters,
    lists: again ? await onlyListed(patient, sources, collected, 'rosters') : null,
    laterSteps: collected.callees.length > 0 ? [] : await laterStepsOf(deps, rule, from, alert),
    ...(rule.approval === 'policy' && rule.furtherSteps.length > 0
      ? { ofAllSteps: await calleesOfAllSteps(patient, rule) }
      : {}),
  };
}

/** Everybody whom a rule's steps call now, each once: an approval covers them all, so its policy looks at them all. */
async function calleesOfAllSteps(
  deps: SlackDeps,
  { call, furtherSteps }: Rule,
): Promise<ReadyRule['callees']> {
  const most = deps.config().limits.calleesPerRequest;
  const all = new Map<string, ReadyRule['callees'][number]>();
  for (const entries of [call, ...furtherSteps.map((step) => step.call)]) {
    const { gone: _gone, ...sources } = sourcesOf(deps, entries);
    const { callees } = await collectCallees(deps, sources);
    for (const each of callees.slice(0, most)) all.set(each.callee, each);
  }
  return [...all.values()];
}

/** The further steps up to the first that can call somebody now. Empty: none can. */
async function laterStepsOf(
  deps: SlackDeps,
  rule: Rule,
  from: { channel: string | undefined; botName: string | undefined },
  alert: { title: string; severity: string | null },
): Promise<ReadyStep[]> {
  const steps: ReadyStep[] = [];
  for (const further of rule.furtherSteps) {
    const step = await readyStep(deps, rule, further, from, alert);
    steps.push(step);
    if (step.callees.length > 0) return steps;
  }
  return [];
}

/** The same for one step of a rule: whom it calls, and its audio if it has its own. */
export async function readyStep(
  deps: SlackDeps,
  rule: Rule,
  { call, say, recording }: Pick<Rule, 'call' | 'say' | 'recording'>,
  from: { channel: string | undefined; botName: string | undefined },
  alert: { title: string; severity: string | null },
): Promise<ReadyStep> {
  const isOwn = say !== undefined || recording !== undefined;
  const ready = await readyRule(
    deps,
    { ...rule, call, furtherSteps: [], ...(isOwn ? { say, recording } : {}) },
    from,
    alert,
  );
  return {
    rosters: ready.rosters ?? [],
    onlyOnDuty: ready.lists?.only ?? [],
    callees: ready.callees,
    audio: isOwn ? ready.audio : null,
    problems: ready.problems,
  };
}

/**
 * Where the callees of a rule or a step come from. `gone`: names that the configuration has no more, because a ladder
 * keeps the steps that it started with.
 */
function sourcesOf(deps: SlackDeps, call: readonly string[]) {
  const { lists: known, rosters } = deps.config();
  const lists = call.filter((entry) => Object.hasOwn(known, entry) || Object.hasOwn(rosters, entry));
  const names = new Set([...Object.keys(known), ...Object.keys(rosters)].map((name) => name.toLowerCase()));
  const gone = call.filter((entry) => isOnlyName(entry) && !names.has(entry.toLowerCase()));
  const others = call.filter((entry) => !lists.includes(entry) && !gone.includes(entry));
  return { text: others.map(asTyped).join('\n'), lists, people: [], fileUrl: null, gone };
}

/** An id as Slack writes it in text, any other entry as it is. */
function asTyped(entry: string): string {
  return isMemberId(entry) ? mentionAny(entry) : entry;
}

async function audioOf(
  deps: SlackDeps,
  rule: Rule,
  from: { channel: string | undefined; botName: string | undefined },
  alert: { title: string; severity: string | null },
): Promise<Audio> {
  const { recordings, voice } = deps.config();
  if (rule.say === undefined) {
    const name = rule.recording ?? '';
    const fileId = recordings[name];
    return { kind: 'recording', fileId: fileId ?? name, name: fileId === undefined ? null : name };
  }
  const channel = rule.say.includes('{channel}') ? await channelName(deps, from.channel) : '';
  const facts = {
    title: alert.title,
    severity: alert.severity,
    source: from.botName ?? 'the alerting tool',
    channel,
  };
  return {
    kind: 'text',
    text: renderSay(rule.say, facts, voice.limits.textLength),
    language: rule.language ?? voice.language,
  };
}

const namesOfChannels = new WeakMap<SlackDeps, Map<string, string>>();
const channelPatienceMs = 1_000;

/**
 * The channel's name without "#". If Slack does not answer quickly, the words "the channel": a call does not wait for
 * a name.
 */
async function channelName(deps: SlackDeps, channelId: string | undefined): Promise<string> {
  const known = namesOfChannels.get(deps) ?? new Map<string, string>();
  namesOfChannels.set(deps, known);
  const name = channelId === undefined ? undefined : known.get(channelId);
  if (name !== undefined || channelId === undefined) return name ?? 'the channel';
  const asked = deps.urgent.conversations.info({ channel: channelId }).then(
    ({ channel }) => {
      if (channel?.name !== undefined) known.set(channelId, channel.name);
      return channel?.name ?? 'the channel';
    },
    () => 'the channel',
  );
  return await within(deps.clock, channelPatienceMs, asked, 'the channel');
}
