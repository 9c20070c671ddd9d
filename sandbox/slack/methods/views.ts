/** views.* */

import { refuse } from '../refusal.ts';
import type { JsonObject } from '../types.ts';
import { findView, openView, publicView, publishHome, pushView, updateView } from '../views.ts';
import type { World } from '../world.ts';
import { type Call, type Methods, needed, text } from './method.ts';

/** The person of a trigger. It works once, and for three seconds. */
export function takeTrigger(world: World, id: string): string {
  const trigger = world.triggers.get(id);
  if (trigger === undefined) return refuse('invalid_trigger_id');
  if (trigger.used) refuse('exchanged_trigger_id');
  if (Date.now() > trigger.expiresAt) refuse('expired_trigger_id');
  trigger.used = true;
  return trigger.user;
}

/** The trigger is used up even if the view is then refused, as in Slack. */
function open(call: Call): JsonObject {
  const user = takeTrigger(call.world, needed(call, 'trigger_id'));
  return { view: publicView(call.world, openView(call.world, user, call.args.view)) };
}

function push(call: Call): JsonObject {
  const user = takeTrigger(call.world, needed(call, 'trigger_id'));
  return { view: publicView(call.world, pushView(call.world, user, call.args.view)) };
}

function update(call: Call): JsonObject {
  const id = text(call, 'view_id');
  const external = text(call, 'external_id');
  if ((id === '') === (external === '')) refuse('invalid_arguments');
  const view = findView(call.world, (item) => (id === '' ? item.external_id === external : item.id === id));
  if (view === undefined) return refuse('not_found');
  const hash = text(call, 'hash');
  if (hash !== '' && hash !== view.hash) refuse('hash_conflict');
  return { view: publicView(call.world, updateView(call.world, view, call.args.view)) };
}

function publish(call: Call): JsonObject {
  const user = needed(call, 'user_id');
  if (!call.world.state.users.has(user)) refuse('user_not_found');
  const hash = text(call, 'hash');
  const view = publishHome(call.world, user, call.args.view, hash === '' ? undefined : hash);
  return { view: publicView(call.world, view) };
}

export const views: Methods = {
  'views.open': { run: open },
  'views.push': { run: push },
  'views.update': { run: update },
  'views.publish': { run: publish },
};
