import type { WebClient } from '@slack/web-api';
import type { Clock } from '../clock.ts';
import { DEFAULT_BALANCE_URL, DEFAULT_SLACK_API_URL, DEFAULT_VOICE_API_URL } from '../config/env.ts';
import { loadConfig, loadSettings } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { reasonOf, VoicecallError } from '../errors.ts';
import { createLog } from '../log.ts';
import { createVoiceClient } from '../voice/client.ts';
import type { VoiceClient } from '../voice/types.ts';
import { type Check, type Finding, note, ok, skipped, wrong } from './doctor-check.ts';
import { checkDatabase } from './doctor-database.ts';
import { checkPeople } from './doctor-people.ts';
import { checkReached } from './doctor-reached.ts';
import { checkRoster } from './doctor-rosters.ts';
import {
  checkAppToken,
  checkBotToken,
  checkChannel,
  checkGroup,
  configuredChannels,
  configuredGroups,
  doctorClient,
} from './doctor-slack.ts';

export interface DoctorSources {
  env: Record<string, string | undefined>;
  readFile: (path: string) => string;
  cwd: string;
  clock: Clock;
}

/** Slack refuses a signature that is five minutes old. A difference of a minute is worth a warning. In ms. */
const clockToleranceMs = 60_000;

/** Three tries and their pauses must fit into a check's 10 s. */
const network = { connectTimeoutMs: 2_500, answerTimeoutMs: 2_800 };

/**
 * Everything that can be checked before the first call, each independently. If a setting is missing, only the
 * configuration's check reports it and the other checks still run. `close` ends the connections that were opened.
 */
export function doctorChecks(sources: DoctorSources): { checks: Check[]; close: () => Promise<void> } {
  const value = (name: string) => sources.env[name]?.trim() || undefined;
  const { config } = loadConfig(sources);
  const slackApiUrl = `${(value('SLACK_API_URL') ?? DEFAULT_SLACK_API_URL).replace(/\/+$/, '')}/`;
  const bot = clientFor(value('SLACK_BOT_TOKEN'), slackApiUrl);
  const app = clientFor(value('SLACK_APP_TOKEN'), slackApiUrl);
  const voice = voiceFor(value, sources.clock);
  const asked = voice === undefined ? undefined : askVoice(voice);
  const checks: Check[] = [
    { name: 'configuration', run: async () => checkConfiguration(sources) },
    { name: 'database', run: () => checkDatabase(value('DATABASE_URL'), value('DATA_DIR') ?? './data') },
    { name: 'Slack', run: () => orSkip(bot, 'SLACK_BOT_TOKEN', checkBotToken) },
    {
      name: 'Slack, Socket Mode',
      run: async () =>
        app !== undefined
          ? await checkAppToken(app)
          : value('SLACK_SIGNING_SECRET') === undefined
            ? [skipped('not checked: SLACK_APP_TOKEN is not set')]
            : [ok('not used (SLACK_APP_TOKEN is not set): Slack has to reach this program over HTTP')],
    },
    {
      name: 'voice platform',
      run: async () =>
        (await asked) ?? [skipped('not checked: VOICE_API_KEY, VOICE_API_SECRET or VOICE_APP_ID is not set')],
    },
    {
      name: 'clock',
      run: async () => {
        const [slackMs] = await Promise.all([slackOffset(slackApiUrl, sources.clock), asked]);
        return compareClocks(slackMs, voice?.clockOffset());
      },
    },
    ...(config === undefined ? [] : configChecks(config, bot)),
    ...(config === undefined ? [] : peopleChecks(config)),
    ...(config === undefined ? [] : rosterChecks(config, bot, sources.clock)),
  ];
  return { checks, close: async () => await voice?.close() };

  function peopleChecks(of: Config): Check[] {
    const database = { url: value('DATABASE_URL'), dataDir: value('DATA_DIR') ?? './data' };
    return [
      { name: 'people without Slack', run: () => checkPeople(of, database, sources.clock) },
      { name: 'people reached', run: () => checkReached(of, database) },
    ];
  }
}

type Lookup = (name: string) => string | undefined;

function clientFor(token: string | undefined, apiUrl: string): WebClient | undefined {
  return token === undefined || !URL.canParse(apiUrl) ? undefined : doctorClient(token, apiUrl);
}

async function orSkip(
  client: WebClient | undefined,
  variable: string,
  check: (client: WebClient) => Promise<Finding[]>,
  what = '',
): Promise<Finding[]> {
  return client === undefined ? [skipped(`${what}not checked: ${variable} is not set`)] : await check(client);
}

/** Notices are also logged at each start, for example for a rule without `from`. They are not faults. */
function checkConfiguration(sources: DoctorSources): Finding[] {
  const { settings, faults, notices } = loadSettings(sources);
  const found = faults.map((fault) =>
    wrong(
      `${fault.place}: found ${fault.found}, expected ${fault.expected}`,
      fault.hint ?? (fault.found === 'nothing' ? 'Set it, as in .env.example.' : 'Change it and try again.'),
    ),
  );
  const said = notices.map((notice) => note(notice, ''));
  if (settings === undefined || found.length > 0) return [...found, ...said];
  const { rules, lists, voice } = settings.config;
  const counts = `rules: ${rules.length}, lists: ${Object.keys(lists).length}`;
  if (voice.displayNums === undefined)
    said.push(
      note('any caller may show any caller number', 'voice.displayNums says which ones are allowed.'),
    );
  return [ok(`environment and ${settings.environment.configPath} (${counts})`), ...said];
}

function voiceFor(value: Lookup, clock: Clock): VoiceClient | undefined {
  const [apiKey, apiSecret, appId] = [
    value('VOICE_API_KEY'),
    value('VOICE_API_SECRET'),
    value('VOICE_APP_ID'),
  ];
  const apiUrl = value('VOICE_API_URL') ?? DEFAULT_VOICE_API_URL;
  if (apiKey === undefined || apiSecret === undefined || appId === undefined || !URL.canParse(apiUrl))
    return undefined;
  const balanceUrl = balanceUrlOf(value, apiUrl);
  if (balanceUrl !== undefined && !URL.canParse(balanceUrl)) return undefined;
  return createVoiceClient(
    { apiUrl, balanceUrl, apiKey, apiSecret, appId },
    { clock, log: createLog('silent'), network },
  );
}

function balanceUrlOf(value: Lookup, apiUrl: string): string | undefined {
  return value('VOICE_BALANCE_URL') ?? (apiUrl === DEFAULT_VOICE_API_URL ? DEFAULT_BALANCE_URL : undefined);
}

/**
 * Reads the balance, if it has an address, and the recordings. Both are free, and each has its own address that may
 * be wrong. Never throws. The platform checks VOICE_APP_ID only when it calls.
 */
async function askVoice(voice: VoiceClient): Promise<Finding[]> {
  const told = async (what: string, variable: string, ask: () => Promise<Finding>): Promise<Finding> => {
    try {
      return await ask();
    } catch (error) {
      const remedy = error instanceof VoicecallError ? error.facts.remedy : undefined;
      return wrong(
        `${what} (${variable}): ${reasonOf(error)}`,
        // The client's advice names one address, but the balance has another.
        remedy?.replaceAll('VOICE_API_URL', variable) ?? `Check ${variable}.`,
      );
    }
  };
  return await Promise.all([
    told('the balance cannot be asked for', 'VOICE_BALANCE_URL', async () => {
      const balance = await voice.getBalance();
      return balance === null
        ? skipped('balance not looked up: VOICE_BALANCE_URL is not set')
        : ok(`credentials accepted, balance ${balance.balance}`);
    }),
    told('the recordings cannot be asked for', 'VOICE_API_URL', async () => {
      const recordings = await voice.fileQuery();
      return ok(`credentials accepted, ${recordings.length} recordings in its library`);
    }),
  ]);
}

/** Slack's clock minus ours, ms. Undefined if Slack did not answer. */
async function slackOffset(slackApiUrl: string, clock: Clock): Promise<number | undefined> {
  const url = `${slackApiUrl}api.test`;
  const answer = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(8_000) }).catch(() => null);
  const slackAt = Date.parse(answer?.headers.get('date') ?? '');
  return Number.isNaN(slackAt) ? undefined : slackAt - clock.now();
}

/**
 * Both services refuse a signature with a wrong time. The voice platform's offset is exactly 0 until it has answered.
 */
function compareClocks(slackMs: number | undefined, voiceMs: number | undefined): Finding[] {
  const offsets = [
    ...(slackMs === undefined ? [] : [{ whose: "Slack's", ms: slackMs }]),
    ...(voiceMs === undefined || voiceMs === 0 ? [] : [{ whose: "the voice platform's", ms: voiceMs }]),
  ];
  if (offsets.length === 0)
    return [skipped('not checked: neither Slack nor the voice platform returned its time')];
  const off = offsets.filter(({ ms }) => Math.abs(ms) > clockToleranceMs);
  if (off.length === 0)
    return [ok(`agrees with ${offsets.map(({ whose }) => whose).join(' and ')} to the minute`)];
  return off.map(({ whose, ms }) =>
    wrong(
      `${seconds(ms)} ${ms > 0 ? 'behind' : 'ahead of'} ${whose}`,
      'Set the clock of this machine (switch on NTP).',
    ),
  );
}

function seconds(ms: number): string {
  return `${Math.round(Math.abs(ms) / 1000)} s`;
}

function rosterChecks(config: Config, bot: WebClient | undefined, clock: Clock): Check[] {
  return Object.keys(config.rosters).map((name) => ({
    name: 'roster',
    run: () => checkRoster(config, name, { bot, clock }),
  }));
}

function configChecks(config: Config, bot: WebClient | undefined): Check[] {
  const channels = [...configuredChannels(config)].map(
    ([id, by]): Check => ({
      name: 'channel',
      run: () =>
        orSkip(bot, 'SLACK_BOT_TOKEN', (client) => checkChannel(client, id, by), `${id} (${by.join(', ')}) `),
    }),
  );
  const groups = [...configuredGroups(config)].map(
    ([id, by]): Check => ({
      name: 'user group',
      run: () =>
        orSkip(bot, 'SLACK_BOT_TOKEN', (client) => checkGroup(client, id, by), `${id} (${by.join(', ')}) `),
    }),
  );
  return [...channels, ...groups];
}
