import { createHash } from 'node:crypto';

export interface Credentials {
  apiKey: string;
  apiSecret: string;
}

/** The platform's signature: md5 hex of key, secret and time in whole seconds, one after the other. */
export function sign(credentials: Credentials, timestampSeconds: number): string {
  return createHash('md5')
    .update(`${credentials.apiKey}${credentials.apiSecret}${timestampSeconds}`, 'utf8')
    .digest('hex');
}

/**
 * The headers of one attempt; never use them for a second. Anybody who sees them can sign any request for half an
 * hour, because the body is not signed: never log them.
 */
export function signedHeaders(credentials: Credentials, nowAt: number): Record<string, string> {
  const timestamp = Math.floor(nowAt / 1000);
  return {
    'Content-Type': 'application/json;charset=UTF-8',
    // Some proxies turn away requests that name no program.
    'User-Agent': 'voicecall',
    'Api-Key': credentials.apiKey,
    Timestamp: String(timestamp),
    Sign: sign(credentials, timestamp),
  };
}
