/** The fields of every interaction with the app, and the handling of its result. */

import type { ActionResult, JsonObject } from './types.ts';
import { userOf, type World } from './world.ts';

/** Who acts, where, and in which app. */
export function common(world: World, user: string): JsonObject {
  const { team, app } = world.state;
  const person = userOf(world, user);
  return {
    team: { id: team.id, domain: team.domain },
    enterprise: null,
    is_enterprise_install: false,
    user: { id: user, username: person.name, name: person.name, team_id: person.team_id },
    api_app_id: app.id,
    token: 'sandbox-verification-token',
  };
}

export function plainResult({
  noRetry: _noRetry,
  ...result
}: ActionResult & { noRetry: boolean }): ActionResult {
  return result;
}
