/** How a method refuses a call. */

import type { JsonObject } from './types.ts';

/** Becomes `{ok: false, error, …extra}`. */
export class Refusal extends Error {
  readonly error: string;
  readonly extra: JsonObject;

  constructor(error: string, extra: JsonObject) {
    super(error);
    this.error = error;
    this.extra = extra;
  }
}

/** Ends a method with one of Slack's error strings. */
export function refuse(error: string, extra: JsonObject = {}): never {
  throw new Refusal(error, extra);
}
