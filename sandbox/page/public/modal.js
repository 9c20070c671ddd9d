// The modal on top of the person's stack.
import { ask } from './api.js';
import { fieldValues, showTimes } from './values.js';

const box = document.getElementById('modal');
let shown = { id: '', html: '' };
let opener = null;

/** What the person types may be newer than what the server knows, so a new drawing keeps it. */
function keepTyping(view) {
  const active = view.contains(document.activeElement) ? document.activeElement : null;
  if (active === null) return () => {};
  const { id, value, selectionStart, selectionEnd } = active;
  const typing = active.matches('textarea, input:not([type=checkbox], [type=radio], [type=file])');
  return () => {
    const again = document.getElementById(id);
    if (!again || id === '') return;
    if (typing) again.value = value;
    again.focus();
    if (typing && selectionStart !== null) again.setSelectionRange?.(selectionStart, selectionEnd);
  };
}

function draw(modal) {
  const same = modal.id === shown.id;
  const scroll = box.querySelector('.modal-body')?.scrollTop ?? 0;
  const open = [...box.querySelectorAll('details[open] [id]')].map((element) => element.id);
  const restore = same ? keepTyping(box) : () => {};
  box.innerHTML = modal.html;
  showTimes(box);
  if (same) {
    box.querySelector('.modal-body').scrollTop = scroll;
    for (const id of open) document.getElementById(id)?.closest('details')?.setAttribute('open', '');
  }
  restore();
  const error = box.querySelector('[aria-invalid]');
  if (error) (error.matches('input, select, textarea') ? error : error.querySelector('input'))?.focus();
  else if (!same) box.querySelector('.modal-body :is(input, select, textarea, summary)')?.focus();
}

/** Shows, redraws or closes the modal. */
export function showModal(modal) {
  if (modal === null) {
    if (!box.open) return;
    box.close();
    box.replaceChildren();
    shown = { id: '', html: '' };
    opener?.focus();
    return;
  }
  if (modal.html === shown.html && modal.id === shown.id && box.open) return;
  if (!box.open) {
    opener = document.activeElement;
    box.showModal();
  }
  draw(modal);
  shown = modal;
}

function form() {
  return box.querySelector('form');
}

async function close(all) {
  if (form()) await ask({ kind: 'close', view: form().dataset.view, all });
}

box.addEventListener('click', (event) => {
  const button = event.target.closest('[data-close]');
  if (button) void close(button.dataset.close === 'all');
});

// Escape: the app must be told, so the browser may not close the dialog.
box.addEventListener('cancel', (event) => {
  if (event.target !== box) return;
  event.preventDefault();
  void close(false);
});

box.addEventListener('submit', async (event) => {
  event.preventDefault();
  const view = form();
  const submit = view.querySelector('[type=submit]');
  if (submit.disabled) return;
  submit.disabled = true;
  submit.setAttribute('aria-busy', 'true');
  await Promise.all(uploads);
  await ask({ kind: 'submit', view: view.dataset.view, values: fieldValues(view) });
  submit.disabled = false;
  submit.removeAttribute('aria-busy');
});

const uploads = new Set();

async function upload(input) {
  const ids = [];
  for (const file of input.files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    const { fileId } = await ask({ kind: 'upload', name: file.name, base64: btoa(binary) });
    if (fileId) ids.push(fileId);
  }
  input.dataset.files = JSON.stringify(ids);
}

box.addEventListener('change', async (event) => {
  const input = event.target;
  if (input.type === 'file') {
    const done = upload(input);
    uploads.add(done);
    await done;
    uploads.delete(done);
  }
  const summary = input.closest('details.bk-multi')?.querySelector('summary');
  if (summary) showTokens(summary, input.closest('details'));
});

function showTokens(summary, menu) {
  const labels = [...menu.querySelectorAll('input:checked')].map(
    (input) => input.nextElementSibling.firstChild.textContent,
  );
  summary.replaceChildren(
    ...labels.map((label) =>
      Object.assign(document.createElement('span'), { className: 'token', textContent: label }),
    ),
  );
  if (labels.length === 0) summary.textContent = 'Choose options';
}

let typing = 0;
box.addEventListener('input', (event) => {
  const search = event.target.closest('[data-suggest]');
  if (!search) return;
  clearTimeout(typing);
  typing = setTimeout(async () => {
    const select = document.getElementById(search.dataset.suggest);
    const view = form().dataset.view;
    const { options = [] } = await ask({
      kind: 'suggest',
      view,
      action: select.dataset.action,
      query: search.value,
    });
    select.replaceChildren(
      new Option('Choose an option', ''),
      ...options.map(({ label, value }) => new Option(label, value)),
    );
  }, 250);
});
