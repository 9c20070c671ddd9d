import type { Log } from '../../log.ts';

export type FetchedFile =
  | { bytes: Uint8Array }
  /**
   * `elsewhere`: the file is not stored by Slack. `refused`: an answer without the file. `late`: no answer in time.
   */
  | { why: 'elsewhere' | 'too_large' | 'late' }
  | { why: 'refused'; status: number };

/**
 * Fetches a file that a person added in a modal. The bot token is sent, so the file is fetched only from Slack's file
 * host or the configured API's host, and redirects are not followed. Never throws.
 */
export async function fetchSlackFile(
  deps: { slackApiUrl: string; slackBotToken: string; log: Log },
  url: string,
  bounds: { maxBytes: number; timeoutMs: number },
): Promise<FetchedFile> {
  if (!isSlackFileUrl(url, deps.slackApiUrl)) return { why: 'elsewhere' };
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${deps.slackBotToken}` },
      redirect: 'error',
      signal: AbortSignal.timeout(bounds.timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return { why: 'refused', status: response.status };
    }
    const bytes = await readUpTo(response, bounds.maxBytes);
    return bytes === null ? { why: 'too_large' } : { bytes };
  } catch (error) {
    deps.log.warn({ err: error }, 'a file could not be fetched from Slack');
    return { why: 'late' };
  }
}

/** True for Slack's file hosts (https), and for the host of a configured API that is not slack.com. */
export function isSlackFileUrl(url: string, slackApiUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host, hostname } = new URL(url);
  const api = new URL(slackApiUrl);
  if (protocol === 'https:' && (hostname === 'files.slack.com' || hostname === 'files-edge.slack.com'))
    return true;
  return api.hostname !== 'slack.com' && host === api.host && protocol === api.protocol;
}

async function readUpTo(response: Response, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
