import { isUserId } from '../../slack-ids.ts';
import { notFromSlack } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';

/**
 * Uploads a file into a channel or thread by Slack's three calls and returns the file's id. The file appears only
 * with the last call, so an earlier failure leaves nothing visible.
 */
export async function uploadFile(
  deps: SlackDeps,
  file: {
    channelId: string;
    threadTs: string | null;
    name: string;
    title: string;
    content: string | Uint8Array;
    comment: string;
  },
): Promise<string> {
  const channelId = await conversationId(deps, file.channelId);
  const bytes = Buffer.from(file.content);
  const ticket = await deps.web.files.getUploadURLExternal({ filename: file.name, length: bytes.length });
  const { upload_url: url, file_id: id } = ticket;
  if (url === undefined || id === undefined) throw new Error('Slack gave no upload URL');
  const put = await fetch(url, { method: 'POST', body: bytes, signal: AbortSignal.timeout(30_000) });
  if (!put.ok) throw new Error(`the upload was answered with HTTP ${put.status}`);
  const answer = await deps.web.files.completeUploadExternal({
    files: [{ id, title: file.title }],
    channel_id: channelId,
    initial_comment: file.comment,
    ...(file.threadTs === null ? {} : { thread_ts: file.threadTs }),
  });
  if (!answer.files?.some((each) => each.id === id)) throw new Error(notFromSlack);
  return id;
}

/** The id of the conversation for a file. For a person (U…), this is their direct messages with the app. */
export async function conversationId(deps: SlackDeps, channelId: string): Promise<string> {
  if (!isUserId(channelId)) return channelId;
  const { channel } = await deps.web.conversations.open({ users: channelId });
  return channel?.id ?? channelId;
}
