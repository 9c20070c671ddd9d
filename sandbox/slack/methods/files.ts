/** files.*: the three steps of an upload, and files.info. */

import { isObject } from '../block-checks.ts';
import { addMessage, publicFile } from '../messages.ts';
import { refuse } from '../refusal.ts';
import type { JsonObject, SandboxFile } from '../types.ts';
import { newId, type World } from '../world.ts';
import { type Call, type Methods, needed, page, postingChannel, text } from './method.ts';

const MIMETYPES: Record<string, string> = {
  csv: 'text/csv',
  txt: 'text/plain',
  json: 'application/json',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  webm: 'video/webm',
  pdf: 'application/pdf',
};

/** Creates a file. `complete` only if a person uploaded it; an app must first complete its upload. */
export function createFile(
  world: World,
  user: string,
  name: string,
  content: Buffer,
  complete: boolean,
): SandboxFile {
  const id = newId(world, 'F');
  const filetype = name.includes('.') ? (name.split('.').pop() ?? '') : 'text';
  const url = `${world.origin}/files-pri/${world.state.team.id}-${id}`;
  const file: SandboxFile = {
    id,
    name,
    title: name,
    mimetype: MIMETYPES[filetype] ?? 'application/octet-stream',
    filetype,
    size: content.length,
    user,
    created: Math.floor(Date.now() / 1000),
    channels: [],
    complete,
    url_private: `${url}/${encodeURIComponent(name)}`,
    url_private_download: `${url}/download/${encodeURIComponent(name)}`,
    content,
  };
  world.state.files.set(id, file);
  return file;
}

function uploadUrl(call: Call): JsonObject {
  const name = needed(call, 'filename');
  const length = Number(needed(call, 'length'));
  if (!Number.isInteger(length) || length <= 0) refuse('invalid_arguments');
  const file = createFile(call.world, call.world.state.app.botUserId, name, Buffer.alloc(0), false);
  file.size = length;
  return { upload_url: `${call.world.origin}/upload/v1/${file.id}`, file_id: file.id };
}

function complete(call: Call): JsonObject {
  const { world, args } = call;
  if (!Array.isArray(args.files) || args.files.length === 0) refuse('invalid_arguments');
  const entries = (args.files as unknown[]).filter(isObject);
  const files = entries.map((entry) => {
    const file = world.state.files.get(String(entry.id));
    if (file === undefined) return refuse('file_not_found');
    if (file.content.length !== file.size) return refuse('file_not_found');
    if (file.complete) return refuse('file_already_completed');
    return { file, title: typeof entry.title === 'string' ? entry.title : file.title };
  });
  const to = text(call, 'channel_id') || text(call, 'channels');
  const channel = to === '' ? undefined : postingChannel({ world, args: { ...args, channel: to } });
  for (const { file, title } of files) {
    file.complete = true;
    file.title = title;
    if (channel !== undefined) file.channels.push(channel.id);
  }
  const { app } = world.state;
  if (channel !== undefined) {
    addMessage(world, {
      channel: channel.id,
      text: text(call, 'initial_comment'),
      user: app.botUserId,
      bot_id: app.botId,
      app_id: app.id,
      file_ids: files.map(({ file }) => file.id),
      ...(text(call, 'thread_ts') === '' ? {} : { thread_ts: text(call, 'thread_ts') }),
    });
  }
  return { files: files.map(({ file }) => shownFile(world, file)) };
}

/** A file with the places where it was shared, as files.info shows it. */
function shownFile(world: World, file: SandboxFile): JsonObject {
  const shares = Object.fromEntries(
    file.channels.map((channel) => [
      channel,
      (world.state.messages.get(channel) ?? [])
        .filter((message) => message.file_ids.includes(file.id) && !message.deleted)
        .map((message) => ({ ts: message.ts, thread_ts: message.thread_ts })),
    ]),
  );
  return { ...publicFile(world, file.id), shares: { public: shares } };
}

function info(call: Call): JsonObject {
  const file = call.world.state.files.get(needed(call, 'file'));
  if (file === undefined || !file.complete) return refuse('file_not_found');
  return { file: shownFile(call.world, file), comments: [] };
}

function list(call: Call): JsonObject {
  const channel = text(call, 'channel');
  const all = [...call.world.state.files.values()].filter(
    (file) => file.complete && (channel === '' || file.channels.includes(channel)),
  );
  const { items } = page(call, all);
  return { files: items.map((file) => shownFile(call.world, file)), paging: { count: items.length } };
}

export const files: Methods = {
  'files.getUploadURLExternal': { scopes: ['files:write'], run: uploadUrl },
  'files.completeUploadExternal': { scopes: ['files:write'], run: complete },
  'files.info': { scopes: ['files:read'], run: info },
  'files.list': { scopes: ['files:read'], run: list },
};
