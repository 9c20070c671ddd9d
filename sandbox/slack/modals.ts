/** What people do in modals: fill in, submit, close. */

import { isObject } from './block-checks.ts';
import { deliver } from './delivery.ts';
import { clientErrors, fill } from './fields.ts';
import { common, plainResult } from './payloads.ts';
import { Refusal } from './refusal.ts';
import type {
  ActionResult,
  FieldValues,
  JsonObject,
  SandboxView,
  SubmitResult,
  ViewStateValues,
} from './types.ts';
import { findView, popView, publicView, pushView, topView, updateView, viewOf } from './views.ts';
import { emit, newTrigger, type World } from './world.ts';

export function fillView(
  world: World,
  user: string,
  viewId: string,
  values: FieldValues | ViewStateValues,
): void {
  fill(world, viewOf(world, user, viewId), values);
  emit(world, { type: 'view', user });
}

const TROUBLE = 'We had some trouble connecting. Try again?';

export async function submitView(
  world: World,
  user: string,
  viewId: string,
  values: FieldValues | ViewStateValues = {},
): Promise<SubmitResult> {
  const view = viewOf(world, user, viewId);
  if (topView(world, user)?.id !== viewId) throw new Error(`${viewId} is not the view on top`);
  if (view.submit === null && !view.blocks.some((block) => block.type === 'input'))
    throw new Error(`the view ${view.callback_id} has no submit button`);
  fill(world, view, values);
  view.errors = clientErrors(view);
  if (Object.keys(view.errors).length > 0) {
    emit(world, { type: 'view', user });
    const none = { outcome: 'ok' as const, status: null, latencyMs: 0, answer: null, shown: null };
    return { ...none, deliveryId: '', action: 'refused', errors: view.errors, view };
  }
  const result = plainResult(
    await deliver(world, 'view_submission', {
      type: 'view_submission',
      ...common(world, user),
      trigger_id: newTrigger(world, user),
      view: publicView(world, view),
      response_urls: [],
    }),
  );
  const done =
    result.outcome === 'ok' ? applyAnswer(world, user, viewId, result.answer) : { action: 'kept' as const };
  const shown = done.action === 'kept' ? (result.shown ?? TROUBLE) : null;
  const now = topView(world, user);
  emit(world, { type: 'view', user });
  return { ...result, shown, action: done.action, errors: now?.errors ?? {}, view: now };
}

/** Does what the acknowledgement of a view_submission asks for. */
function applyAnswer(
  world: World,
  user: string,
  viewId: string,
  answer: JsonObject | null,
): { action: SubmitResult['action'] } {
  const view = findView(world, (item) => item.id === viewId);
  if (answer === null) {
    if (view !== undefined) popView(world, user, view.clear_on_close);
    return { action: 'closed' };
  }
  try {
    switch (answer.response_action) {
      case 'clear':
        popView(world, user, true);
        return { action: 'cleared' };
      case 'update':
        if (view === undefined) return { action: 'kept' };
        updateView(world, view, answer.view);
        return { action: 'updated' };
      case 'push':
        pushView(world, user, answer.view);
        return { action: 'pushed' };
      case 'errors':
        return { action: showErrors(view, answer.errors) ? 'errors' : 'kept' };
      default:
        return { action: 'kept' };
    }
  } catch (error) {
    if (error instanceof Refusal) return { action: 'kept' };
    throw error;
  }
}

/** Errors may only name input blocks. Slack refuses the whole answer if one names another block. */
function showErrors(view: SandboxView | undefined, errors: unknown): boolean {
  if (view === undefined || !isObject(errors) || Object.keys(errors).length === 0) return false;
  const inputs = view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id);
  const valid = Object.entries(errors).every(
    ([id, text]) => inputs.includes(id) && typeof text === 'string' && text !== '',
  );
  if (!valid) return false;
  view.errors = Object.fromEntries(Object.entries(errors).map(([id, text]) => [id, String(text)]));
  return true;
}

export async function closeView(
  world: World,
  user: string,
  viewId: string,
  all = false,
): Promise<ActionResult | null> {
  const view = viewOf(world, user, viewId);
  popView(world, user, all || view.clear_on_close);
  if (!view.notify_on_close) return null;
  const body = {
    type: 'view_closed',
    ...common(world, user),
    view: publicView(world, view),
    is_cleared: all,
  };
  return plainResult(await deliver(world, 'view_closed', body));
}
