import { z } from 'zod';
import { Refusal } from './refusal.ts';
import type { Limits, World } from './types.ts';

const CALLEE = /^[1-9][0-9]{6,14}$/;

/** The fields that sendGroup and sendCode share, with the narrower of the documented bounds. */
export function dialFields(limits: Limits) {
  return {
    callee: z.string(),
    displayNum: z
      .string()
      .regex(/^([0-9]{7,15})?$/, '7 to 15 digits, or empty')
      .optional(),
    appId: z.string().min(1),
    maxDuration: z.int().min(1).max(120).optional(),
    maxRingingTime: z.int().min(20).max(120).optional(),
    loopCount: z.int().min(1).max(limits.loopCount).optional(),
    calledInfo: z.string().max(1000).optional(),
  };
}

/** The callees of a request. Refused with -22: too many, not 7 to 15 digits, or a number twice. */
export function parseCallees(callee: string, most: number): string[] {
  const callees = callee.split(',');
  const bad = callees.filter((one) => !CALLEE.test(one));
  if (bad.length > 0) {
    throw new Refusal(
      '-22',
      `callee: ${bad.slice(0, 3).map((one) => JSON.stringify(one))} not 7 to 15 digits`,
      true,
    );
  }
  if (callees.length > most) {
    throw new Refusal('-22', `callee: ${callees.length} numbers, at most ${most}`, true);
  }
  if (new Set(callees).size !== callees.length) {
    const twice = callees.find((one, index) => callees.indexOf(one) !== index);
    throw new Refusal('-22', `callee: ${twice} stands there twice`, true);
  }
  return callees;
}

/** Refused with -32 (another application) or -10 (no balance left). */
export function checkAccount(world: World, appId: string): void {
  if (appId !== world.credentials.appId)
    throw new Refusal('-32', 'key has no permission for this application');
  if (Number(world.behaviour.balance) <= 0) throw new Refusal('-10', 'balance insufficient');
}
