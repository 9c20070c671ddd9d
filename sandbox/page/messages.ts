import type { SandboxMessage } from '../slack/types.ts';
import { blocksHtml } from './blocks.ts';
import { type Fields, listOf, textOf, unescapeText } from './fields.ts';
import { type Html, html } from './html.ts';
import { eyeIcon, moreIcon, replyIcon } from './icons.ts';
import { drawText } from './library.ts';
import { namesIn, type View } from './world.ts';

/** One drawn message. An edit keeps its `key`. */
export interface Drawn {
  readonly key: string;
  readonly html: string;
}

interface Author {
  readonly name: string;
  readonly app: boolean;
}

function authorOf(message: SandboxMessage, view: View): Author {
  const { users, bots, app } = view.slack.state;
  if (message.username !== undefined) return { name: message.username, app: true };
  const bot = bots.get(message.bot_id ?? '');
  if (bot !== undefined) return { name: bot.name, app: true };
  if (message.bot_id === app.botId) return { name: app.name, app: true };
  const user = users.get(message.user ?? '');
  return { name: user?.real_name ?? user?.name ?? message.user ?? 'Unknown', app: user?.is_bot ?? false };
}

const hues = ['#1264a3', '#2e7d5b', '#8a4b9f', '#b3541e', '#7a5c00', '#a02c5d', '#37598a'];

function hueOf(name: string): string {
  let sum = 0;
  for (const character of name) sum += character.codePointAt(0) ?? 0;
  return hues[sum % hues.length] ?? '#1264a3';
}

const attachmentColours: Record<string, string> = { good: '#2eb67d', warning: '#ecb22e', danger: '#e01e5a' };

function colourOf(attachment: Fields): string {
  const colour = textOf(attachment.color);
  const named = attachmentColours[colour];
  if (named !== undefined) return named;
  return /^#?[0-9a-f]{3,8}$/i.test(colour) ? `#${colour.replace('#', '')}` : '#dddddd';
}

function attachmentHtml(attachment: Fields, message: SandboxMessage, view: View): Html {
  const names = namesIn(view.slack);
  const title = unescapeText(textOf(attachment.title));
  const link = textOf(attachment.title_link);
  const known = ['pretext', 'title', 'text', 'fields', 'blocks', 'footer'].some(
    (name) => attachment[name] !== undefined,
  );
  return html`${drawText(textOf(attachment.pretext), names)}
    <div class="attachment" style="border-left-color:${colourOf(attachment)}">
      ${title !== '' && html`<div class="attachment-title">${/^https?:/.test(link) ? html`<a href="${link}" target="_blank" rel="noopener noreferrer">${title}</a>` : title}</div>`}
      ${drawText(textOf(attachment.text), names)}
      ${
        attachment.fields !== undefined &&
        html`<dl>${listOf(attachment.fields).map(
          (field) =>
            html`<div class="${field.short === true && 'short'}"><dt>${textOf(field.title)}</dt><dd>${drawText(textOf(field.value), names)}</dd></div>`,
        )}</dl>`
      }
      ${blocksHtml(attachment.blocks, { view, id: `a-${message.ts}` })}
      ${textOf(attachment.footer) !== '' && html`<div class="attachment-footer">${textOf(attachment.footer)}</div>`}
      ${!known && drawText(textOf(attachment.fallback), names)}
    </div>`;
}

function fileHtml(id: string, view: View): Html {
  const file = view.slack.state.files.get(id);
  if (file === undefined) return html``;
  const size = file.size < 1024 ? `${file.size} bytes` : `${Math.round(file.size / 1024)} kB`;
  return html`<a class="file" href="/files/${encodeURIComponent(file.id)}" download="${file.name}">
    <span class="file-icon" aria-hidden="true">${file.filetype.slice(0, 4).toUpperCase() || 'FILE'}</span>
    <span><b>${file.title || file.name}</b><small>${file.name} · ${size}</small></span></a>`;
}

function timeOf(ts: string): { iso: string; clock: string } {
  const date = new Date(Number.parseFloat(ts) * 1000);
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(date);
  return { iso: date.toISOString(), clock };
}

function repliesHtml(message: SandboxMessage, replies: readonly SandboxMessage[]): Html | null {
  const last = replies.at(-1);
  if (last === undefined) return null;
  return html`<button type="button" class="replies" data-thread="${message.thread_ts ?? message.ts}">
    ${replies.length === 1 ? '1 reply' : `${replies.length} replies`} <small>Last at ${timeOf(last.ts).clock}</small></button>`;
}

function toolbar(message: SandboxMessage): Html {
  return html`<div class="toolbar" role="group" aria-label="Message actions">
    <button type="button" data-thread="${message.thread_ts ?? message.ts}" title="Reply in thread">${replyIcon}<span class="hidden">Reply in thread</span></button>
    <details class="more"><summary title="More actions">${moreIcon}<span class="hidden">More actions</span></summary><div class="menu">
      <button type="button" data-shortcut="voicecall_from_message" data-ts="${message.ts}">Call for this message</button>
    </div></details></div>`;
}

/** Draws one message. For a root message in a channel, `replies` give the link to its thread. */
export function messageHtml(
  message: SandboxMessage,
  view: View,
  replies: readonly SandboxMessage[] = [],
): Drawn {
  const author = authorOf(message, view);
  const time = timeOf(message.ts);
  const hasBlocks = message.blocks !== undefined && message.blocks.length > 0;
  const own = message.ephemeral_to !== undefined;
  const body = html`<article class="message ${own && 'ephemeral'}" data-ts="${message.ts}" aria-label="${author.name}, ${time.clock}">
    <div class="avatar ${author.app && 'app'}" style="background:${hueOf(author.name)}" aria-hidden="true">${author.app ? '⚙' : author.name.slice(0, 1)}</div>
    <div class="content">
      ${own && html`<div class="only-you">${eyeIcon} Only visible to you</div>`}
      <header><b class="author">${author.name}</b>${author.app && html`<span class="badge">APP</span>`}
        <time datetime="${time.iso}">${time.clock}</time></header>
      ${message.reply_broadcast === true && html`<div class="broadcast">replied to a thread</div>`}
      <div class="blocks" data-channel="${message.channel}" data-ts="${message.ts}">
        ${hasBlocks ? blocksHtml(message.blocks, { view, id: `m-${message.ts}` }) : drawText(message.text, namesIn(view.slack))}
        ${(message.attachments ?? []).map((attachment) => attachmentHtml(attachment, message, view))}
      </div>
      ${message.edited !== undefined && html`<span class="edited">(edited)</span>`}
      ${message.file_ids.map((id) => fileHtml(id, view))}
      ${repliesHtml(message, replies)}
    </div>
    ${!own && toolbar(message)}
  </article>`;
  return { key: message.ts, html: body.markup };
}

function seen(message: SandboxMessage, view: View): boolean {
  if (message.deleted) return false;
  return message.ephemeral_to === undefined || message.ephemeral_to === view.me;
}

/** The channel's last 100 messages outside threads, for `view.me`. */
export function channelMessages(view: View): Drawn[] {
  const all = (view.slack.state.messages.get(view.channel) ?? []).filter((message) => seen(message, view));
  const isReply = (message: SandboxMessage) =>
    message.thread_ts !== undefined && message.thread_ts !== message.ts;
  return all
    .filter((message) => !isReply(message) || message.reply_broadcast === true)
    .slice(-100)
    .map((message) =>
      messageHtml(
        message,
        view,
        all.filter((reply) => isReply(reply) && reply.thread_ts === message.ts),
      ),
    );
}

/** A thread: its root and its last 200 replies. Empty if there is no such message. */
export function threadMessages(view: View, threadTs: string): Drawn[] {
  const all = (view.slack.state.messages.get(view.channel) ?? []).filter((message) => seen(message, view));
  const root = all.find((message) => message.ts === threadTs);
  if (root === undefined) return [];
  const replies = all.filter((message) => message.thread_ts === threadTs && message.ts !== threadTs);
  return [root, ...replies.slice(-200)].map((message) => messageHtml(message, view));
}
