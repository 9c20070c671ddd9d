/** Modals (a stack of at most three for each person) and Home views. */

import { checkView } from './blocks.ts';
import { stateOf, withActionIds } from './fields.ts';
import { withBlockIds } from './messages.ts';
import { refuse } from './refusal.ts';
import type { Block, JsonObject, SandboxView } from './types.ts';
import { emit, newId, secret, type World } from './world.ts';

const STACK = 3;

function refuseProblems(view: unknown): asserts view is JsonObject {
  const problems = checkView(view);
  if (problems.length === 0) return;
  refuse('invalid_arguments', {
    response_metadata: {
      messages: problems.map(({ pointer, message }) => `[ERROR] ${message} [json-pointer:/view${pointer}]`),
    },
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function makeView(world: World, user: string, payload: JsonObject, old?: SandboxView): SandboxView {
  const blocks = withActionIds(withBlockIds((payload.blocks ?? []) as Block[]), () => secret().slice(0, 12));
  const id = old?.id ?? newId(world, 'V');
  return {
    id,
    hash: `${Math.floor(Date.now() / 1000)}.${secret().slice(0, 8)}`,
    user,
    type: payload.type === 'home' ? 'home' : 'modal',
    root_view_id: old?.root_view_id ?? id,
    previous_view_id: old?.previous_view_id ?? null,
    callback_id: text(payload.callback_id),
    external_id: text(payload.external_id),
    private_metadata: text(payload.private_metadata),
    title: payload.title as JsonObject,
    submit: (payload.submit ?? null) as JsonObject | null,
    close: (payload.close ?? null) as JsonObject | null,
    blocks,
    clear_on_close: payload.clear_on_close === true,
    notify_on_close: payload.notify_on_close === true,
    state: { values: stateOf(blocks, old?.state.values) },
    errors: {},
  };
}

/** An open modal of any person. */
export function findView(world: World, test: (view: SandboxView) => boolean): SandboxView | undefined {
  for (const stack of world.state.views.values()) {
    const found = stack.find(test);
    if (found !== undefined) return found;
  }
  return undefined;
}

function takeExternalId(world: World, payload: JsonObject, except?: string): void {
  const external = text(payload.external_id);
  if (external === '') return;
  const other = findView(world, (view) => view.external_id === external && view.id !== except);
  if (other !== undefined) refuse('duplicate_external_id');
}

function changed(world: World, user: string): void {
  emit(world, { type: 'view', user });
}

/** Opens a new stack. It replaces what the person had open from this app. */
export function openView(world: World, user: string, payload: unknown): SandboxView {
  refuseProblems(payload);
  if (payload.type !== 'modal') refuse('invalid_arguments');
  takeExternalId(world, payload);
  const view = makeView(world, user, payload);
  world.state.views.set(user, [view]);
  changed(world, user);
  return view;
}

export function pushView(world: World, user: string, payload: unknown): SandboxView {
  refuseProblems(payload);
  const stack = world.state.views.get(user) ?? [];
  const top = stack.at(-1);
  if (top === undefined) return refuse('not_found');
  if (stack.length >= STACK) refuse('push_limit_reached');
  takeExternalId(world, payload);
  const view = makeView(world, user, payload);
  view.previous_view_id = top.id;
  view.root_view_id = top.root_view_id;
  stack.push(view);
  changed(world, user);
  return view;
}

export function updateView(world: World, view: SandboxView, payload: unknown): SandboxView {
  refuseProblems(payload);
  takeExternalId(world, payload, view.id);
  const updated = makeView(world, view.user, payload, view);
  const stack = world.state.views.get(view.user) ?? [];
  const at = stack.findIndex((item) => item.id === view.id);
  if (at < 0) return refuse('not_found');
  stack[at] = updated;
  changed(world, view.user);
  return updated;
}

export function publishHome(world: World, user: string, payload: unknown, hash?: string): SandboxView {
  refuseProblems(payload);
  if (payload.type !== 'home') refuse('invalid_arguments');
  const old = world.state.homes.get(user);
  if (hash !== undefined && old !== undefined && old.hash !== hash) refuse('hash_conflict');
  const view = makeView(world, user, payload, old);
  world.state.homes.set(user, view);
  emit(world, { type: 'home', user });
  return view;
}

/** Removes the top view, or the whole stack. */
export function popView(world: World, user: string, all: boolean): void {
  const stack = world.state.views.get(user) ?? [];
  if (all) stack.length = 0;
  else stack.pop();
  changed(world, user);
}

export function topView(world: World, user: string): SandboxView | null {
  return world.state.views.get(user)?.at(-1) ?? null;
}

/** A view in the form of the API and interaction payloads. */
export function publicView(world: World, view: SandboxView): JsonObject {
  const { user: _user, errors: _errors, ...shown } = view;
  const { app, team } = world.state;
  return {
    ...structuredClone(shown),
    team_id: team.id,
    app_id: app.id,
    app_installed_team_id: team.id,
    bot_id: app.botId,
  };
}

/** This person's open view. Throws if there is none, which is a test's mistake. */
export function viewOf(world: World, user: string, viewId: string): SandboxView {
  const view = findView(world, (item) => item.id === viewId && item.user === user);
  if (view === undefined) throw new Error(`${user} has no open view ${viewId}`);
  return view;
}
