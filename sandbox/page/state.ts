// The whole page as pieces of markup. The browser replaces those that changed.

import { type Html, html } from './html.ts';
import { lockIcon } from './icons.ts';
import { channelMessages, type Drawn, threadMessages } from './messages.ts';
import { type DrawnModal, homeTab, topModal } from './modals.ts';
import { faultButtons, type Known, type Phones, phonesHtml } from './phones.ts';
import { channelTitle, peopleIn, type View } from './world.ts';

/** The state of the app's process, for the page. */
export interface AppStatus {
  readonly state: 'starting' | 'running' | 'dead';
  readonly detail: string;
}

/** What the person looks at. `channel` is a channel's id, or `home` for the Home tab. */
export interface Look {
  readonly me: string;
  readonly channel: string;
  /** The root of the open thread. May be empty. */
  readonly thread: string;
}

/** One drawing of the page. */
export interface Picture {
  readonly me: string;
  readonly channel: string;
  readonly thread: string;
  readonly title: string;
  readonly regions: Record<string, string>;
  readonly messages: Drawn[];
  readonly replies: Drawn[];
  readonly modal: DrawnModal | null;
  /** The ts of the last message, by channel, for the marks of unread channels. */
  readonly latest: Record<string, string>;
}

function visibleChannels(view: View) {
  return [...view.slack.state.channels.values()].filter(
    (channel) => !(channel.is_private || channel.is_im) || channel.members.includes(view.me),
  );
}

function sidebar(view: View, shown: string): string {
  const link = (id: string, name: string, mark: string | Html) =>
    html`<li><button type="button" class="channel" id="channel-${id}" data-channel="${id}" ${id === shown && html`aria-current="page"`}><span aria-hidden="true">${mark}</span> ${name}</button></li>`;
  const channels = visibleChannels(view);
  const direct = channels.filter((channel) => channel.is_im);
  return html`<h2>Channels</h2><ul>${channels
    .filter((channel) => !channel.is_im)
    .map((channel) =>
      link(
        channel.id,
        `${channel.name}${channel.is_archived ? ' (archived)' : ''}`,
        channel.is_private ? lockIcon : '#',
      ),
    )}</ul>
    ${direct.length > 0 && html`<h2>Direct messages</h2><ul>${direct.map((channel) => link(channel.id, channelTitle(view.slack, channel), '●'))}</ul>`}
    <h2>Apps</h2><ul>${link('home', view.slack.state.app.name, '⌂')}</ul>`.markup;
}

function peopleSwitch(view: View): string {
  return html`${peopleIn(view.slack).map(
    (person) =>
      html`<option value="${person.id}" ${person.id === view.me && html`selected`}>${person.name}</option>`,
  )}`.markup;
}

function channelHead(view: View, shown: string): string {
  if (shown === 'home') return html`<h1>${view.slack.state.app.name}</h1><span>Home</span>`.markup;
  const channel = view.slack.state.channels.get(shown);
  if (channel === undefined) return '';
  const count = channel.members.length;
  return html`<h1>${channel.is_im ? '' : '# '}${channelTitle(view.slack, channel)}</h1><span>${count} member${count !== 1 && 's'}</span>`
    .markup;
}

function statusLine(status: AppStatus): string {
  const words = { starting: 'The app is starting…', running: '', dead: 'The app has stopped.' };
  if (status.state === 'running') return '';
  return html`<div class="app-status ${status.state}" role="status"><b>${words[status.state]}</b>${status.detail !== '' && html`<pre>${status.detail}</pre>`}</div>`
    .markup;
}

function faults(phones: Phones): string {
  const pending = phones.pendingFaults();
  return html`${faultButtons.map(
    (fault) =>
      html`<button type="button" id="fault-${fault.id}" data-fault="${fault.id}" aria-pressed="${String(pending.includes(fault.id))}">${fault.label}</button>`,
  )}`.markup;
}

/** Owners by the number in their Slack profile, and recordings by their file name. */
function knownIn(slack: View['slack'], phones: Phones): Known {
  const owners = new Map(
    [...slack.state.users.values()].map((user) => [
      (user.profile.phone ?? '').replace(/\D/g, ''),
      user.real_name || user.name,
    ]),
  );
  return {
    ownerOf: (callee) => owners.get(callee) ?? phones.ownerOf(callee),
    recordingName: (fileId) => phones.recordingName(fileId),
  };
}

function latestOf(view: View): Record<string, string> {
  const latest: Record<string, string> = {};
  for (const channel of visibleChannels(view)) {
    const last = view.slack.history(channel.id).at(-1);
    if (last !== undefined) latest[channel.id] = last.ts;
  }
  return latest;
}

/** Draws everything for one look. An unknown person or channel is replaced by the first one. */
export function picture(
  slack: View['slack'],
  phones: Phones,
  left: ReadonlySet<string>,
  status: AppStatus,
  look: Look,
): Picture {
  const people = peopleIn(slack);
  const me = people.some((person) => person.id === look.me) ? look.me : (people[0]?.id ?? '');
  const anywhere: View = { slack, me, channel: '' };
  const visible = visibleChannels(anywhere);
  const known = look.channel === 'home' || visible.some((channel) => channel.id === look.channel);
  const first = visible.find((channel) => !channel.is_im && channel.members.includes(me)) ?? visible[0];
  const channel = known ? look.channel : (first?.id ?? '');
  const view: View = { slack, me, channel };
  const replies = look.thread === '' ? [] : threadMessages(view, look.thread);
  return {
    me,
    channel,
    thread: replies.length === 0 ? '' : look.thread,
    title:
      channel === 'home'
        ? slack.state.app.name
        : `${slack.state.channels.get(channel)?.is_im ? '' : '#'}${channelTitle(slack, slack.state.channels.get(channel) ?? { name: '', is_im: false })}`,
    regions: {
      people: peopleSwitch(view),
      sidebar: sidebar(view, channel),
      head: channelHead(view, channel),
      status: statusLine(status),
      phones: phonesHtml(phones, left, knownIn(slack, phones)),
      faults: faults(phones),
      home: channel === 'home' ? homeTab(view) : '',
    },
    messages: channel === 'home' ? [] : channelMessages(view),
    replies,
    modal: topModal(view),
    latest: latestOf(view),
  };
}
