import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { cleanText } from '../clean-text.ts';
import { feedAddress, hostOf, isInside, isLoopback } from './feed-address.ts';

const mostBytes = 5 * 1024 * 1024;
const withinMs = 10_000;
const mostRedirects = 5;

/** The result of a fetch, without the feed's address, which is a secret. */
export type Fetched =
  | { kind: 'calendar'; text: string; etag: string | null }
  /** The server says that nothing has changed since `etag`. */
  | { kind: 'same' }
  | { kind: 'fault'; fault: string };

/** Access to the network; tests replace it. */
export interface Outside {
  addressesOf(host: string): Promise<string[]>;
  /** Connects to `url`, at one of the addresses that were checked. */
  connect(url: URL, address: string): Dispatcher;
}

const realOutside: Outside = {
  async addressesOf(host) {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  },
  connect(url, address) {
    return new Client(url.origin, {
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: buildConnector({
        allowH2: false,
        rejectUnauthorized: true,
        timeout: withinMs,
        // The address that was checked, so that a second look-up cannot return another one.
        lookup: (_host, options, found) => {
          const family = isIP(address);
          if (options.all) found(null, [{ address, family }]);
          else found(null, address, family);
        },
      }),
    });
  },
};

/**
 * Fetches a calendar: at most 5 MB and 10 s, redirects only to https and never into an internal network. Does not
 * throw.
 */
export async function fetchFeed(
  ical: string,
  etag: string | null,
  outside: Outside = realOutside,
  patienceMs = withinMs,
): Promise<Fetched> {
  const first = feedAddress(ical);
  if (first === null) return fault('its address is not https');
  const signal = AbortSignal.timeout(patienceMs);
  try {
    return await follow(first, etag, outside, signal);
  } catch (error) {
    if (error instanceof FeedFault) return fault(error.message);
    if (signal.aborted) return fault(`it did not answer in full within ${patienceMs / 1000} s`);
    return fault(`it cannot be reached: ${whyOf(error)}`);
  }
}

class FeedFault extends Error {}

function fault(words: string): Fetched {
  return { kind: 'fault', fault: words };
}

async function follow(
  first: URL,
  etag: string | null,
  outside: Outside,
  signal: AbortSignal,
): Promise<Fetched> {
  let url = first;
  let wasOutside = false;
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const address = await addressOf(url, outside, signal);
    if (wasOutside && isInside(address))
      throw new FeedFault(
        'it redirects from the internet to an address inside a network, which is not followed',
      );
    wasOutside ||= !isInside(address);
    const answer = await ask(url, address, etag, outside, signal);
    if (!('location' in answer)) return answer;
    const next = URL.parse(answer.location, url.href);
    if (next === null || !mayFollow(next, first))
      throw new FeedFault('it redirects to an address that is not https, which is not followed');
    url = next;
  }
  throw new FeedFault('it redirects again and again');
}

/** A feed on this machine, as in tests, may redirect to another one there. */
function mayFollow(next: URL, first: URL): boolean {
  if (next.protocol === 'https:') return true;
  return next.protocol === 'http:' && first.protocol === 'http:' && isLoopback(next);
}

async function addressOf(url: URL, outside: Outside, signal: AbortSignal): Promise<string> {
  const host = hostOf(url);
  if (isIP(host) !== 0) return host;
  const { promise: late, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new Error('late')), { once: true });
  const addresses = await Promise.race([outside.addressesOf(host), late]);
  const [address] = addresses;
  if (address === undefined) throw new FeedFault('its name has no address');
  // A name with internal and external addresses counts as internal.
  return addresses.find(isInside) ?? addresses.find((each) => isIP(each) === 4) ?? address;
}

async function ask(
  url: URL,
  address: string,
  etag: string | null,
  outside: Outside,
  signal: AbortSignal,
): Promise<Fetched | { location: string }> {
  const client = outside.connect(url, address);
  try {
    const { statusCode, headers, body } = await client.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: {
        accept: 'text/calendar, text/plain;q=0.5, */*;q=0.1',
        'user-agent': 'Voicecall',
        ...(etag === null ? {} : { 'if-none-match': etag }),
      },
      signal,
    });
    // The rest of the body is not needed: the connection is closed below.
    body.on('error', () => {});
    if (statusCode === 304) return { kind: 'same' };
    if ([301, 302, 303, 307, 308].includes(statusCode) && typeof headers.location === 'string')
      return { location: headers.location };
    if (statusCode !== 200) throw new FeedFault(`it answers with HTTP ${statusCode}${meaningOf(statusCode)}`);
    if (Number(headers['content-length'] ?? 0) > mostBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > mostBytes) throw tooLarge();
      chunks.push(chunk);
    }
    const tag = headers.etag;
    return {
      kind: 'calendar',
      text: cleanText(Buffer.concat(chunks).toString('utf8')),
      etag: typeof tag === 'string' && tag.length <= 500 ? cleanText(tag) : null,
    };
  } finally {
    await client.destroy();
  }
}

function tooLarge(): FeedFault {
  return new FeedFault('it is larger than 5 MB');
}

function meaningOf(status: number): string {
  if (status === 401 || status === 403) return ': the address is not the private one, or was withdrawn';
  if (status === 404 || status === 410) return ': the address is wrong, or was withdrawn';
  return '';
}

/** Why there is no connection; codes of the network mean nothing to people. */
function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return networkWords[code] ?? 'there is no connection';
}

const networkWords: Record<string, string> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'it refuses the connection',
  ECONNRESET: 'it broke the connection',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
};
