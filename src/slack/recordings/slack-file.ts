import { maxAudioBytes } from '../../recordings/audio.ts';
import { slackFailure } from '../client/errors.ts';
import { type FetchedFile, fetchSlackFile } from '../client/files.ts';
import type { SlackDeps } from '../context/deps.ts';

/** Asks Slack for a file's URLs. Null: it was deleted or never existed. Throws if Slack does not answer. */
export async function askForFile(
  deps: SlackDeps,
  id: string,
  client: SlackDeps['web'] = deps.web,
): Promise<{ url: string; permalink: string } | null> {
  try {
    const { file } = await client.files.info({ file: id });
    if (file === undefined || file.mode === 'tombstone') return null;
    return { url: file.url_private_download ?? file.url_private ?? '', permalink: file.permalink ?? '' };
  } catch (error) {
    const failure = slackFailure(error);
    if (
      failure.kind === 'refused' &&
      ['file_not_found', 'file_deleted', 'access_denied'].includes(failure.error)
    )
      return null;
    throw error;
  }
}

/** Fetches the audio; `too_large` if it has more than `maxAudioBytes`. */
export async function fetchAudio(deps: SlackDeps, url: string, timeoutMs: number): Promise<FetchedFile> {
  return await fetchSlackFile(deps, url, { maxBytes: maxAudioBytes, timeoutMs });
}
