import { MAX_FILE_BYTES } from '../../callees/file.ts';
import type { Log } from '../../log.ts';

/** The file must be there before Slack's 3 s are over, with time left to read it. */
const fetchTimeoutMs = 1_500;

/**
 * Fetches a file that somebody added in a modal, with the bot token: only from Slack's file host or, where the API is
 * somewhere else, from there, since the token goes along. Never throws: a problem is a sentence for the person.
 */
export async function fetchSlackFile(
  deps: { slackApiUrl: string; slackBotToken: string; log: Log },
  url: string,
): Promise<{ bytes: Uint8Array } | { problem: string }> {
  if (!isSlackFileUrl(url, deps.slackApiUrl)) {
    return { problem: 'The file is not kept by Slack. Add it from your computer.' };
  }
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${deps.slackBotToken}` },
      redirect: 'error',
      signal: AbortSignal.timeout(fetchTimeoutMs),
    });
    if (!response.ok)
      return { problem: `Slack did not hand over the file (HTTP ${response.status}). Add it again.` };
    const bytes = await readUpTo(response, MAX_FILE_BYTES);
    if (bytes === null)
      return { problem: 'The file is larger than 10 MB. Split it, or leave out what is not needed.' };
    return { bytes };
  } catch (error) {
    deps.log.warn({ err: error }, 'a file of callees could not be fetched');
    return { problem: 'Slack did not hand over the file in time. Press the button again.' };
  }
}

/** True for https://files.slack.com (and below slack.com's file hosts), and for the host of a configured API. */
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
