import { readFileSync } from 'node:fs';
import { LogLevel, WebAPIHTTPError, WebAPIPlatformError, WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { Config } from '../config/types.ts';
import { reasonOf } from '../errors.ts';
import { type ChannelAccess, channelAccess } from '../slack/client/channel-access.ts';
import { notFromSlack, slackFailure } from '../slack/client/errors.ts';
import { isGroupId } from '../slack-ids.ts';
import { type Finding, note, ok, skipped, wrong } from './doctor-check.ts';

const manifest = new URL('../../manifest/manifest.json', import.meta.url);
const manifestShape = z.looseObject({
  oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }),
});

/** A client that does not retry and waits at most 8 s. */
export function doctorClient(token: string, apiUrl: string): WebClient {
  return new WebClient(token, {
    slackApiUrl: apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 8_000,
  });
}

interface Told {
  /** Slack's name of the error. Null if Slack itself did not answer. */
  name: string | null;
  text: string;
  /** What to do, if the error is not Slack's own. */
  remedy: string;
}

const tryLater = 'Check the network and SLACK_API_URL, then try again.';

/** Slack's name of the error, or what else went wrong. */
function toldBy(error: unknown): Told {
  const failure = slackFailure(error);
  if (failure.kind === 'refused')
    return {
      name: failure.error,
      text: `Slack says ${failure.error}`,
      remedy: 'Check the id in voicecall.yaml.',
    };
  if (failure.kind === 'limited') {
    const text = `Slack was asked too often, for ${failure.retryAfterMs / 1000} s`;
    return { name: null, text, remedy: 'Wait that long, then try again.' };
  }
  if (failure.error === notFromSlack) {
    const text = 'something answers at SLACK_API_URL, but not as Slack does';
    const remedy = 'Check SLACK_API_URL, and whether a proxy or a sign-in page answers in place of Slack.';
    return { name: null, text, remedy };
  }
  if (error instanceof WebAPIHTTPError)
    return { name: null, text: `Slack answered with HTTP ${error.statusCode}`, remedy: tryLater };
  if (error instanceof WebAPIPlatformError)
    return {
      name: null,
      text: `Slack says ${failure.error}`,
      remedy: 'Slack is in trouble: try again later.',
    };
  return { name: null, text: `Slack cannot be reached (${reasonOf(error)})`, remedy: tryLater };
}

/** Checks the bot token, and its scopes against the manifest. */
export async function checkBotToken(client: WebClient): Promise<Finding[]> {
  try {
    const who = await client.auth.test();
    const granted = who.response_metadata?.scopes;
    const found = [ok(`@${who.user} in ${who.team} (${who.team_id})`)];
    const wanted = manifestShape.parse(JSON.parse(readFileSync(manifest, 'utf8'))).oauth_config.scopes.bot;
    if (granted === undefined) {
      const remedy = `Compare "OAuth & Permissions", Bot Token Scopes, with these: ${wanted.join(', ')}.`;
      return [
        ...found,
        note('Slack did not say which scopes are granted (no x-oauth-scopes header)', remedy),
      ];
    }
    const missing = wanted.filter((scope) => !granted.includes(scope));
    if (missing.length === 0) return [...found, ok(`all ${wanted.length} scopes are granted`)];
    const remedy =
      'Add them under "OAuth & Permissions", Bot Token Scopes (or paste the manifest again), then reinstall the app.';
    return [...found, wrong(`scopes are missing: ${missing.join(', ')}`, remedy)];
  } catch (error) {
    const { name, text, remedy } = toldBy(error);
    const copy = 'Copy the Bot User OAuth Token (xoxb-…) from "OAuth & Permissions" into SLACK_BOT_TOKEN.';
    return [wrong(text, name === null ? remedy : copy)];
  }
}

/** Checks the app-level token of Socket Mode. Asks for a connection's address but opens no connection. */
export async function checkAppToken(client: WebClient): Promise<Finding[]> {
  try {
    await client.apps.connections.open({});
    return [ok('Slack gives connections')];
  } catch (error) {
    const { name, text, remedy } = toldBy(error);
    const make =
      'Make an App-Level Token with connections:write under "Basic Information", put it into SLACK_APP_TOKEN, and switch on Socket Mode.';
    return [wrong(text, name === null ? remedy : make)];
  }
}

/** The channels in the configuration, each with the keys that name it. */
export function configuredChannels(config: Config): Map<string, string[]> {
  const channels = new Map<string, string[]>();
  const name = (id: string, by: string) => channels.set(id, [...(channels.get(id) ?? []), by]);
  if (config.approval?.channel !== undefined) name(config.approval.channel, 'approval');
  for (const [source, { channel }] of Object.entries(config.sources))
    if (channel !== undefined) name(channel, `source ${source}`);
  for (const rule of config.rules)
    for (const id of [...rule.channels, ...(rule.channel === undefined ? [] : [rule.channel])])
      name(id, `rule ${rule.name}`);
  return channels;
}

export async function checkChannel(client: WebClient, id: string, namedBy: string[]): Promise<Finding[]> {
  const by = namedBy.join(', ');
  const access = await channelAccess(client, id);
  switch (access.kind) {
    case 'open':
      return [ok(`the app is in #${access.name} (${by})`)];
    case 'archived': {
      const remedy = 'Name another channel in voicecall.yaml, or unarchive it.';
      return [wrong(`#${access.name} (${by}) is archived`, remedy)];
    }
    case 'outside':
      return [
        wrong(`the app is not in #${access.name} (${by})`, `Type /invite @Voicecall in #${access.name}.`),
      ];
    case 'unseen': {
      const remedy = 'Check the id in voicecall.yaml; in a private channel type /invite @Voicecall.';
      return [wrong(`${id} (${by}) is not there, or is private and the app is not in it`, remedy)];
    }
    case 'unknown':
      return [notKnown(access, `${id} (${by})`)];
  }
}

function notKnown({ name, error }: Extract<ChannelAccess, { kind: 'unknown' }>, what: string): Finding {
  if (error === null) {
    const remedy = `Look whether Voicecall is among the members of #${name}; else type /invite @Voicecall there.`;
    return note(`Slack did not say whether the app is in ${what}`, remedy);
  }
  const told = toldBy(error);
  return told.name === null ? wrong(told.text, told.remedy) : tokenOrScope(told.name, told.text, what);
}

/** The user groups in the configuration, each with the keys that name it. */
export function configuredGroups(config: Config): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const name = (ids: readonly string[], by: string) => {
    for (const id of ids.filter(isGroupId)) {
      groups.set(id, [...new Set([...(groups.get(id) ?? []), by])]);
    }
  };
  name(config.callers ?? [], 'callers');
  name(config.approval?.approvers ?? [], 'approval');
  for (const [list, members] of Object.entries(config.lists)) name(members, `list ${list}`);
  for (const [roster, { fallback }] of Object.entries(config.rosters)) name(fallback, `roster ${roster}`);
  for (const rule of config.rules) {
    for (const { call } of [rule, ...rule.furtherSteps]) name(call, `rule ${rule.name}`);
  }
  return groups;
}

export async function checkGroup(client: WebClient, id: string, namedBy: string[]): Promise<Finding[]> {
  const by = namedBy.join(', ');
  try {
    const { users } = await client.usergroups.users.list({ usergroup: id });
    const count = users?.length ?? 0;
    if (count === 0)
      return [wrong(`${id} (${by}) has no members`, 'Add people to it in Slack, or name another one.')];
    return [ok(`${id} (${by}) has ${count === 1 ? '1 member' : `${count} members`}`)];
  } catch (error) {
    const { name, text, remedy } = toldBy(error);
    if (name === null) return [wrong(text, remedy)];
    if (name === 'no_such_subteam' || name === 'subteam_not_found') {
      return [
        wrong(
          `${id} (${by}) does not exist`,
          'Check the id in voicecall.yaml (profile of the group, Copy group ID).',
        ),
      ];
    }
    return [tokenOrScope(name, text, `${id} (${by})`)];
  }
}

/** A bad token is reported once, in its own line. */
function tokenOrScope(name: string, text: string, what: string): Finding {
  if (name === 'missing_scope')
    return wrong(`${what}: ${text}`, 'Add the scopes of manifest/manifest.json, then reinstall the app.');
  if (/auth|token|account/.test(name)) return skipped(`${what} not checked: the bot token is not accepted`);
  return wrong(`${what}: ${text}`, 'Check the id in voicecall.yaml.');
}
