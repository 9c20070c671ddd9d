import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';
import type { World } from './types.ts';

const WINDOW_SECONDS = 30 * 60;

/**
 * Checks Api-Key, Timestamp and Sign = md5hex(key + secret + timestamp), in any letter case. Throws Refusal -1
 * (unknown key, wrong signature) or -16 (not epoch seconds, or more than half an hour off).
 */
export function authenticate(world: World, headers: IncomingMessage['headersDistinct']): void {
  const apiKey = single(headers, 'api-key', '-1');
  const timestamp = single(headers, 'timestamp', '-16');
  const sign = single(headers, 'sign', '-1');

  if (apiKey !== world.credentials.apiKey) throw new Refusal('-1', 'user not exist', true);
  if (!/^[0-9]{1,10}$/.test(timestamp)) {
    throw new Refusal('-16', `timestamp expires: "${timestamp}" is no epoch time in seconds`, true);
  }
  // A wrong clock is no mistake of the client, so this is no violation.
  if (Math.abs(Number(timestamp) - world.now() / 1000) > WINDOW_SECONDS) {
    throw new Refusal('-16', 'timestamp expires');
  }
  const expected = createHash('md5')
    .update(`${apiKey}${world.credentials.apiSecret}${timestamp}`)
    .digest('hex');
  if (sign.toLowerCase() !== expected) throw new Refusal('-1', 'auth failed', true);
}

function single(headers: IncomingMessage['headersDistinct'], name: string, code: string): string {
  const values = headers[name];
  const value = values?.[0];
  if (value === undefined || value === '') throw new Refusal(code, `header ${name} is missing`, true);
  if (values?.length !== 1) throw new Refusal(code, `header ${name} came twice`, true);
  return value;
}
