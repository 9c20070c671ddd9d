/** users.*, usergroups.*, bots.*, team.*, auth.test */

import { refuse } from '../refusal.ts';
import type { JsonObject, SandboxUser } from '../types.ts';
import { type Call, flag, type Methods, needed, page } from './method.ts';

function shown(call: Call, user: SandboxUser): JsonObject {
  const { locale, profile, ...rest } = user;
  const { email, ...open } = profile;
  const mayEmail = call.world.state.app.scopes.includes('users:read.email');
  return {
    ...rest,
    profile: { ...open, team: user.team_id, ...(mayEmail && email !== '' ? { email } : {}) },
    is_app_user: false,
    is_stranger: user.team_id !== call.world.state.team.id,
    updated: 1_700_000_000,
    ...(flag(call, 'include_locale') ? { locale } : {}),
  };
}

function userInfo(call: Call): JsonObject {
  const user = call.world.state.users.get(needed(call, 'user'));
  if (user === undefined) return refuse('user_not_found');
  return { user: shown(call, user) };
}

function lookup(call: Call): JsonObject {
  const email = needed(call, 'email');
  const user = [...call.world.state.users.values()].find(
    (item) => item.profile.email === email && !item.deleted,
  );
  if (user === undefined) return refuse('users_not_found');
  return { user: shown(call, user) };
}

function users(call: Call): JsonObject {
  const { items, next } = page(call, [...call.world.state.users.values()]);
  return { members: items.map((user) => shown(call, user)), cache_ts: 1_700_000_000, ...next };
}

function groups(call: Call): JsonObject {
  const all = [...call.world.state.usergroups.values()].filter(
    (group) => group.date_delete === 0 || flag(call, 'include_disabled'),
  );
  return {
    usergroups: all.map(({ users: ids, ...group }) => ({
      ...group,
      team_id: call.world.state.team.id,
      is_usergroup: true,
      user_count: ids.length,
      ...(flag(call, 'include_users') ? { users: ids } : {}),
    })),
  };
}

function groupUsers(call: Call): JsonObject {
  const group = call.world.state.usergroups.get(needed(call, 'usergroup'));
  if (group === undefined) return refuse('no_such_subteam');
  return { users: group.users };
}

function botInfo(call: Call): JsonObject {
  const bot = call.world.state.bots.get(needed(call, 'bot'));
  if (bot === undefined) return refuse('bot_not_found');
  return { bot: { ...bot, deleted: false, updated: 1_700_000_000, icons: {} } };
}

function authTest(call: Call): JsonObject {
  const { team, app } = call.world.state;
  return {
    url: `https://${team.domain}.slack.com/`,
    team: team.name,
    user: app.name.toLowerCase(),
    team_id: team.id,
    user_id: app.botUserId,
    bot_id: app.botId,
    is_enterprise_install: false,
  };
}

export const people: Methods = {
  'auth.test': { run: authTest },
  'users.info': { scopes: ['users:read'], run: userInfo },
  'users.list': { scopes: ['users:read'], run: users },
  'users.lookupByEmail': { scopes: ['users:read.email'], run: lookup },
  'usergroups.list': { scopes: ['usergroups:read'], run: groups },
  'usergroups.users.list': { scopes: ['usergroups:read'], run: groupUsers },
  'bots.info': { scopes: ['users:read'], run: botInfo },
  'team.info': { scopes: ['team:read'], run: (call) => ({ team: call.world.state.team }) },
};
