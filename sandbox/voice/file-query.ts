import { z } from 'zod';
import { parseBody } from './refusal.ts';
import type { Checked, EndpointHandler, LoggedRequest, World } from './types.ts';

/** `current` and `size`: the documentation contradicts itself about leaving them out, so both are required. */
export const pageFields = { current: z.int().min(1), size: z.int().min(1).max(100) };

/** POST fileQuery: one page of the account's recordings. */
export const fileQuery: EndpointHandler = { method: 'POST', check };

function check(world: World, _request: LoggedRequest, given: unknown): Checked {
  const { current, size } = parseBody(z.strictObject(pageFields), given);
  return {
    callees: [],
    act: () => {
      const records = world.recordings.map(({ fileId, fileName }) => ({ fileId, fileName }));
      return { code: '0', reason: 'success', data: page(records, current, size) };
    },
  };
}

/** One page as the platform shows it. */
export function page<T>(records: T[], current: number, size: number) {
  return {
    total: records.length,
    size,
    current,
    pages: Math.ceil(records.length / size),
    records: records.slice((current - 1) * size, current * size),
  };
}
