/** The people, channels and bots in the sandbox's workspace at its start. */

import { existsSync, readFileSync } from 'node:fs';
import type { SandboxBot, SandboxChannel, SandboxOptions, SandboxState, SandboxUser } from './types.ts';

const TEAM = 'T0SANDBOX';
const OTHER_TEAM = 'T0ELSEWHERE';

/** The scopes of Voicecall's manifest, used if the manifest cannot be read. */
const DEFAULT_SCOPES = [
  'commands',
  'chat:write',
  'channels:read',
  'channels:history',
  'groups:read',
  'groups:history',
  'im:history',
  'im:write',
  'users:read',
  'usergroups:read',
  'files:read',
  'files:write',
];

function manifestScopes(): string[] {
  const file = new URL('../../manifest/manifest.json', import.meta.url);
  if (!existsSync(file)) return DEFAULT_SCOPES;
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
    oauth_config?: { scopes?: { bot?: string[] } };
  };
  return manifest.oauth_config?.scopes?.bot ?? DEFAULT_SCOPES;
}

function person(id: string, name: string, phone: string, extra: Partial<SandboxUser> = {}): SandboxUser {
  return {
    id,
    team_id: TEAM,
    name: name.toLowerCase(),
    real_name: name,
    deleted: false,
    is_bot: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_admin: false,
    tz: 'Asia/Kolkata',
    tz_offset: 19_800,
    locale: 'en-US',
    profile: { real_name: name, display_name: name, phone, email: `${name.toLowerCase()}@example.com` },
    ...extra,
  };
}

function channel(id: string, name: string, members: string[], isPrivate = false): SandboxChannel {
  return {
    id,
    name,
    is_private: isPrivate,
    is_im: false,
    is_archived: false,
    members,
    created: 1_700_000_000,
  };
}

const byId = <T extends { id: string }>(items: T[]): Map<string, T> =>
  new Map(items.map((item) => [item.id, item]));

/** A new copy each time. */
export function defaultState(options: SandboxOptions): SandboxState {
  const bot: SandboxBot = {
    id: 'B0VOICECALL',
    app_id: 'A0VOICECALL',
    name: 'Voicecall',
    user_id: 'U0VOICECALL',
  };
  const other: SandboxBot = { id: 'B0OTHER', app_id: 'A0OTHER', name: 'OtherBot', user_id: 'U0OTHERBOT' };
  const botUser = (item: SandboxBot): SandboxUser => {
    const user = person(item.user_id ?? '', item.name, '', { is_bot: true });
    return { ...user, profile: { ...user.profile, bot_id: item.id, api_app_id: item.app_id } };
  };
  const people = ['U0ASHA', 'U0BEN', 'U0CLEO', 'U0VOICECALL'];
  return {
    team: { id: TEAM, name: 'Sandbox', domain: 'sandbox' },
    app: {
      id: bot.app_id,
      name: bot.name,
      botId: bot.id,
      botUserId: 'U0VOICECALL',
      botToken: options.botToken ?? 'xoxb-sandbox',
      appToken: options.appToken ?? 'xapp-sandbox',
      signingSecret: options.signingSecret ?? 'sandbox-signing-secret',
      scopes: options.scopes ?? manifestScopes(),
    },
    channels: byId([
      channel('C0OPS', 'ops', [...people, 'U0GUEST']),
      channel('C0ALERTS', 'alerts', [...people, 'U0OTHERBOT']),
      channel('C0APPROVE', 'approvals', ['U0ASHA', 'U0BEN', 'U0VOICECALL']),
      channel('C0RANDOM', 'random', ['U0ASHA', 'U0BEN', 'U0CLEO']),
      channel('C0SECRET', 'secret', ['U0ASHA', 'U0BEN'], true),
    ]),
    users: byId([
      person('U0ASHA', 'Asha', '+91 98765 43210', { is_admin: true }),
      person('U0BEN', 'Ben', '+91 98765 43211'),
      person('U0CLEO', 'Cleo', '+91 98765 43212'),
      person('U0GUEST', 'Guest', '+91 98765 43213', { is_restricted: true }),
      person('U0GONE', 'Gone', '+91 98765 43214', { deleted: true }),
      person('U0STRANGER', 'Stranger', '+65 8123 4567', { team_id: OTHER_TEAM }),
      botUser(bot),
      botUser(other),
    ]),
    usergroups: byId([
      {
        id: 'S0OPS',
        handle: 'ops-team',
        name: 'Operations',
        description: '',
        users: ['U0ASHA', 'U0BEN'],
        date_delete: 0,
      },
      { id: 'S0LEADS', handle: 'leads', name: 'Leads', description: '', users: ['U0BEN'], date_delete: 0 },
    ]),
    bots: byId([bot, other]),
    files: new Map(),
    messages: new Map(),
    views: new Map(),
    homes: new Map(),
    callsLog: [],
    deliveries: [],
    faults: [],
    requestUrl: options.requestUrl ?? null,
  };
}
