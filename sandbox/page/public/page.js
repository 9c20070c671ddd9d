// Keeps the page equal to the server's drawing, and handles typing and clicks outside blocks.
import { ask, fetchPicture, look } from './api.js';
import { showModal } from './modal.js';
import './press.js';

const element = (id) => document.getElementById(id);
const seen = {};
let latest = {};
let busy = false;
let again = false;

function region(id, markup) {
  const box = element(id);
  if (box.drawn === markup) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.id : '';
  box.innerHTML = markup;
  box.drawn = markup;
  if (focused !== '') element(focused)?.focus();
}

/** Adds, changes and removes messages one by one, so that unchanged ones keep their state. */
function messages(id, drawn, place) {
  const box = element(id);
  const moved = box.place !== place;
  const atEnd = moved || box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  if (moved) box.replaceChildren();
  box.place = place;
  const old = new Map([...box.children].map((child) => [child.dataset.ts, child]));
  let before = null;
  for (const { key, html } of drawn) {
    let child = old.get(key);
    old.delete(key);
    if (!child || child.drawn !== html) {
      const template = document.createElement('template');
      template.innerHTML = html;
      const fresh = template.content.firstElementChild;
      fresh.drawn = html;
      if (child) child.replaceWith(fresh);
      child = fresh;
    }
    const next = before === null ? box.firstElementChild : before.nextElementSibling;
    if (child !== next) box.insertBefore(child, next);
    before = child;
  }
  for (const child of old.values()) child.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function unread() {
  for (const button of document.querySelectorAll('#sidebar [data-channel]')) {
    const id = button.dataset.channel;
    button.classList.toggle(
      'unread',
      latest[id] !== undefined && id !== look.channel && seen[id] !== latest[id],
    );
  }
}

async function draw() {
  const asked = JSON.stringify(look);
  const picture = await fetchPicture();
  if (picture.notice) throw new Error(picture.notice);
  // The person has moved on since the request; do not take them back.
  if (JSON.stringify(look) !== asked) {
    again = true;
    return;
  }
  const first = Object.keys(latest).length === 0;
  Object.assign(look, { me: picture.me, channel: picture.channel, thread: picture.thread });
  history.replaceState(null, '', `#${new URLSearchParams(look)}`);
  for (const [id, markup] of Object.entries(picture.regions)) region(id, markup);
  messages('messages', picture.messages, `${look.me} ${look.channel}`);
  messages('replies', picture.replies, `${look.me} ${look.thread}`);
  const home = look.channel === 'home';
  element('home').hidden = !home;
  element('messages').hidden = home;
  element('composer-form').hidden = home;
  element('thread').hidden = look.thread === '';
  element('app').classList.toggle('with-thread', look.thread !== '');
  element('composer').placeholder = `Message ${picture.title}, or /voicecall`;
  document.title = `${picture.title} – Voicecall sandbox`;
  latest = picture.latest;
  if (first) Object.assign(seen, latest);
  seen[look.channel] = latest[look.channel];
  unread();
  showModal(picture.modal);
}

/** Draws again. Calls during a drawing become one further drawing. */
export async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  do {
    again = false;
    await draw().catch(() => {});
  } while (again);
  busy = false;
}

async function go(change) {
  Object.assign(look, change);
  if (change.channel === 'home') void ask({ kind: 'home' });
  await refresh();
}

function composer(formId, inputId, extra) {
  const input = element(inputId);
  element(formId).addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value;
    input.value = '';
    if (text.trim() !== '') void ask({ kind: 'say', channel: look.channel, text, ...extra() });
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element(formId).requestSubmit();
  });
}

composer('composer-form', 'composer', () => ({}));
composer('reply-form', 'reply', () => ({ thread: look.thread }));

element('people').addEventListener('change', (event) => go({ me: event.target.value, thread: '' }));
element('thread-close').addEventListener('click', () => go({ thread: '' }));
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || document.querySelector('dialog[open]') || look.thread === '') return;
  void go({ thread: '' });
});

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('button');
  if (!button) return;
  const { channel, thread, call, act, key, sample, fault } = button.dataset;
  if (channel !== undefined) void go({ channel, thread: '' });
  if (thread !== undefined) void go({ thread }).then(() => element('reply').focus());
  if (call !== undefined) void ask({ kind: 'phone', call, act, key });
  if (sample !== undefined)
    void ask({ kind: 'alert', sample, resolved: button.hasAttribute('data-resolved') });
  if (fault !== undefined) void ask({ kind: 'fault', fault });
  if (button.dataset.slackdown !== undefined) void ask({ kind: 'slackDown' });
  if (button.dataset.posted !== undefined)
    void ask({ kind: 'posted', resolved: button.hasAttribute('data-resolved') });
});

/** A time within the next hour shows a countdown. */
function countDown() {
  for (const time of document.querySelectorAll('time[data-at]')) {
    time.dataset.text ??= time.textContent;
    const left = Math.ceil(Number(time.dataset.at) - Date.now() / 1000);
    const soon = left < 120 ? `${left} s` : `${Math.round(left / 60)} min`;
    const text = left > 0 && left < 3600 ? `${time.dataset.text} (in ${soon})` : time.dataset.text;
    if (time.textContent !== text) time.textContent = text;
  }
}
setInterval(countDown, 500);

const changes = new EventSource('/changes');
changes.onmessage = refresh;
changes.onerror = () =>
  region('status', '<div class="app-status dead" role="status"><b>The sandbox has stopped.</b></div>');
