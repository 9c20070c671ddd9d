import type { Call } from '../voice/types.ts';
import { type Html, html } from './html.ts';

/** What the page needs of the voice platform: its calls, actions on the phones, and its faults. */
export interface Phones {
  calls(): readonly Call[];
  /** The name beside a number in the configuration's lists. Undefined: there is none. */
  ownerOf(callee: string): string | undefined;
  /** The file name of a recording, or its id if the platform has no name. */
  recordingName(fileId: string): string;
  answer(voiceId: string): void;
  decline(voiceId: string): void;
  /** Lets the phone ring until the platform gives up. */
  leaveRinging(voiceId: string): void;
  hangUp(voiceId: string): void;
  press(voiceId: string, key: string): void;
  onChange(listener: () => void): () => void;
  /** Sets a fault by its button's id. Returns a sentence about what will happen. */
  fault(id: string): Promise<string>;
  /** Ids of the faults that are set. */
  pendingFaults(): readonly string[];
}

/** The buttons for faults. */
export const faultButtons: readonly { id: string; label: string }[] = [
  { id: 'lose', label: 'Lose the next answer' },
  { id: 'refuse', label: 'Refuse the next' },
  { id: 'down', label: 'Platform down' },
  { id: 'none', label: 'All well again' },
];

const outcomes: Record<string, string> = {
  answered: 'Answered',
  busy: 'Busy',
  'no-answer': 'No answer',
  rejected: 'Declined',
  'not-valid': 'Number not valid',
  voicemail: 'Voicemail',
  failed: 'Failed',
};

function stateText(call: Call, left: ReadonlySet<string>): string {
  if (call.state === 'queued') return 'Dialling…';
  if (call.state === 'ringing') return left.has(call.voiceId) ? 'Ringing, left alone' : 'Ringing';
  if (call.state === 'talking') return call.key === null ? 'Listening' : `Listening, pressed ${call.key}`;
  const result = outcomes[call.outcome ?? ''] ?? 'Ended';
  return call.key === null ? result : `${result}, pressed ${call.key}`;
}

function controls(call: Call, left: ReadonlySet<string>): Html | false {
  const button = (act: string, label: string, style: string) =>
    html`<button type="button" id="${act}-${call.voiceId}" class="phone-button ${style}" data-call="${call.voiceId}" data-act="${act}">${label}</button>`;
  if (call.state === 'ringing') {
    return html`<div class="phone-buttons">${button('answer', 'Answer', 'green')}${button('decline', 'Decline', 'red')}
      ${!left.has(call.voiceId) && button('leave', 'Let it ring', '')}</div>`;
  }
  if (call.state !== 'talking') return false;
  return html`<div class="phone-keys" role="group" aria-label="Keys">${[
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
    '9',
  ].map(
    (key) =>
      html`<button type="button" id="key-${call.voiceId}-${key}" data-call="${call.voiceId}" data-act="key" data-key="${key}" aria-label="Press ${key}">${key}</button>`,
  )}</div>
  <div class="phone-buttons">${button('hangup', 'Hang up', 'red')}</div>`;
}

function heard(call: Call, recordingName: (fileId: string) => string): Html {
  if (call.text !== null) return html`“${call.text}”`;
  return html`▶ ${call.fileId === null ? 'a recording' : recordingName(call.fileId)}`;
}

/** Additional facts for a call. */
export interface Known {
  /** The owner of a number. Undefined: unknown. */
  ownerOf(callee: string): string | undefined;
  recordingName(fileId: string): string;
}

/** The phones' panel: ringing phones first; below, in a separate box, the last 30 calls that ended. */
export function phonesHtml(phones: Phones, left: ReadonlySet<string>, known: Known): string {
  const order = { talking: 0, ringing: 1, queued: 2, ended: 3 };
  const calls = [...phones.calls()].reverse().sort((a, b) => order[a.state] - order[b.state]);
  if (calls.length === 0) {
    return html`<p class="empty">No calls yet. Type <code>/voicecall</code> into a channel.</p>`.markup;
  }
  const item = (call: Call) => {
    const owner = known.ownerOf(call.callee);
    return html`<li class="phone ${call.state}" aria-label="Phone +${call.callee}">
      <div class="phone-head">${owner === undefined ? html`<b>+${call.callee}</b>` : html`<span><b>${owner}</b> <small>+${call.callee}</small></span>`}<span class="phone-state">${stateText(call, left)}</span></div>
      ${call.state !== 'ended' && html`<div class="phone-heard">${heard(call, known.recordingName)}</div>`}
      ${controls(call, left)}</li>`;
  };
  const list = (those: Call[], label: string) =>
    those.length > 0 &&
    html`<ul class="phones ${label}">${those.slice(0, 30).map(item)}</ul>${those.length > 30 && html`<p class="empty">… and ${those.length - 30} more</p>`}`;
  const now = calls.filter((call) => call.state !== 'ended');
  const ended = calls.filter((call) => call.state === 'ended');
  return html`${list(now, 'now')}${ended.length > 0 && html`<h3>Ended</h3>`}${list(ended, 'over')}`.markup;
}
