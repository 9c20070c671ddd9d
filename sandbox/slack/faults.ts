/** Injected faults and Slack's rate limits. */

import type { Fault, JsonObject } from './types.ts';
import type { World } from './world.ts';

/** The fault for this call; its count is reduced by one. Undefined if there is none. */
export function takeFault(
  world: World,
  method: string,
  channel?: string,
  args: JsonObject = {},
): Fault | undefined {
  const { faults } = world.state;
  // Read once: between two reads a millisecond may pass, and a fault without an end would end.
  const now = Date.now();
  for (const over of faults.filter((fault) => (world.faultEnds.get(fault) ?? now) < now))
    faults.splice(faults.indexOf(over), 1);
  const found = faults.find(
    (fault) =>
      (fault.method === method || (fault.method === '*' && !method.startsWith('app:'))) &&
      (fault.channel === undefined || fault.channel === channel) &&
      (fault.holds === undefined || JSON.stringify(args).includes(fault.holds)),
  );
  if (found === undefined || world.faultEnds.has(found)) return found;
  found.times -= 1;
  if (found.times <= 0) faults.splice(faults.indexOf(found), 1);
  return found;
}

/** Calls per minute in Slack's tiers: https://docs.slack.dev/apis/web-api/rate-limits */
const TIER = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;
const TIERS: Record<string, keyof typeof TIER> = {
  'chat.update': 3,
  'chat.delete': 3,
  'chat.postEphemeral': 4,
  'views.open': 4,
  'views.push': 4,
  'views.update': 4,
  'views.publish': 4,
  'conversations.info': 3,
  'conversations.open': 3,
  'conversations.replies': 3,
  'conversations.history': 3,
  'conversations.members': 4,
  'conversations.join': 3,
  'conversations.list': 2,
  'users.info': 4,
  'users.list': 2,
  'users.lookupByEmail': 3,
  'usergroups.list': 2,
  'usergroups.users.list': 2,
  'files.getUploadURLExternal': 4,
  'files.completeUploadExternal': 4,
  'files.info': 4,
  'files.list': 3,
  'bots.info': 3,
  'team.info': 3,
  'apps.connections.open': 1,
};
/** Posting has a separate limit: one per second and channel, with small bursts. */
const POST_PER_SECOND = 1;
const POST_BURST = 2;

/**
 * Counts one call against the method's limit.
 * @returns 0 if it may continue, else the seconds of Retry-After
 */
export function takeRate(world: World, method: string, channel: string | undefined): number {
  if (!world.rateLimits) return 0;
  if (method === 'chat.postMessage')
    return take(world, `${method} ${channel ?? ''}`, POST_BURST, POST_PER_SECOND);
  const tier = TIERS[method];
  if (tier === undefined) return 0;
  // Bolt reopens its socket after each disconnect. Slack allows ten open sockets, so a burst of ten is allowed.
  const burst = method === 'apps.connections.open' ? 10 : TIER[tier];
  return take(world, method, burst, TIER[tier] / 60);
}

function take(world: World, key: string, capacity: number, perSecond: number): number {
  const now = Date.now();
  const bucket = world.buckets.get(key) ?? { tokens: capacity, at: now };
  bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
  bucket.at = now;
  world.buckets.set(key, bucket);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 0;
  }
  return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
}
