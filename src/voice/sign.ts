import { createHash } from 'node:crypto';

export interface Credentials {
  apiKey: string;
  apiSecret: string;
}

/** The platform's signature: md5 hex of key + secret + time in whole seconds. */
export function sign(credentials: Credentials, timestampSeconds: number): string {
  return createHash('md5')
    .update(`${credentials.apiKey}${credentials.apiSecret}${timestampSeconds}`, 'utf8')
    .digest('hex');
}

/**
 * The headers of one attempt; never reuse them. Never log them: the body is not signed, so anyone who has them can
 * sign any request for half an hour.
 */
export function signedHeaders(credentials: Credentials, nowAt: number): Record<string, string> {
  const timestamp = Math.floor(nowAt / 1000);
  return {
    'Content-Type': 'application/json;charset=UTF-8',
    // Some proxies refuse requests without a User-Agent.
    'User-Agent': 'voicecall',
    'Api-Key': credentials.apiKey,
    Timestamp: String(timestamp),
    Sign: sign(credentials, timestamp),
  };
}
