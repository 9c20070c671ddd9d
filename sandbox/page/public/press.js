// Buttons, menus and choices, in messages, modals and the Home tab: each one is a real interaction.
import { ask, look } from './api.js';
import { fieldValues, valueIn } from './values.js';

/** Shows the app's confirm dialog. Returns true if the person agreed. */
function confirmed(json) {
  if (!json) return Promise.resolve(true);
  const dialog = JSON.parse(json);
  const box = document.getElementById('confirm');
  box.replaceChildren();
  const title = Object.assign(document.createElement('h2'), {
    id: 'confirm-title',
    textContent: dialog.title,
  });
  const text = Object.assign(document.createElement('p'), { textContent: dialog.text });
  const buttons = document.createElement('footer');
  const no = Object.assign(document.createElement('button'), {
    className: 'bk-button',
    textContent: dialog.deny,
  });
  const style = dialog.style === 'danger' ? 'danger' : 'primary';
  const yes = Object.assign(document.createElement('button'), {
    className: `bk-button ${style}`,
    textContent: dialog.confirm,
  });
  no.type = 'button';
  yes.type = 'button';
  buttons.append(no, yes);
  box.append(title, text, buttons);
  box.showModal();
  yes.focus();
  return new Promise((resolve) => {
    yes.onclick = () => box.close('yes');
    no.onclick = () => box.close('no');
    box.onclose = () => {
      resolve(box.returnValue === 'yes');
      box.returnValue = '';
    };
  });
}

/** Sends one interaction of an element with data-action. */
export async function press(element, choice) {
  if (!(await confirmed(element.dataset.confirm))) return false;
  if (element.dataset.url) window.open(element.dataset.url, '_blank', 'noopener');
  const common = { action: element.dataset.action, block: element.dataset.block, choice };
  const view = element.closest('[data-view]');
  element.setAttribute('aria-busy', 'true');
  if (view) {
    await ask({ kind: 'pressInView', view: view.dataset.view, values: fieldValues(view), ...common });
  } else {
    const message = element.closest('.blocks');
    await ask({ kind: 'press', channel: message.dataset.channel, ts: message.dataset.ts, ...common });
  }
  element.removeAttribute('aria-busy');
  return true;
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-press]');
  if (!button) return;
  button.closest('details.bk-overflow')?.removeAttribute('open');
  void press(button, button.dataset.choice);
});

document.addEventListener('change', (event) => {
  const element = event.target.closest?.('[data-mode="press"], [data-mode="dispatch"]');
  if (!element || element.hasAttribute('data-press')) return;
  void press(element, valueIn(element) ?? undefined);
});

// A menu closes when the focus or a click leaves it.
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll(
    'details.more[open], details.bk-overflow[open], details.bk-multi[open]',
  )) {
    if (!menu.contains(event.target)) menu.removeAttribute('open');
  }
});

document.addEventListener('click', (event) => {
  const item = event.target.closest?.('[data-shortcut]');
  if (!item) return;
  item.closest('details')?.removeAttribute('open');
  void ask({ kind: 'shortcut', channel: look.channel, ts: item.dataset.ts, callback: item.dataset.shortcut });
});
