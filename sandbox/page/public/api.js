// Sends requests to the sandbox's server and shows the person its answers.

/** What the person looks at. It is in the address, so that a reload shows the same. */
const start = new URLSearchParams(location.hash.slice(1));
export const look = {
  me: start.get('me') ?? '',
  channel: start.get('channel') ?? '',
  thread: start.get('thread') ?? '',
};

export function notice(text) {
  const box = document.getElementById('notices');
  const line = document.createElement('p');
  line.textContent = text;
  box.append(line);
  // Hidden and shown again each time, so that it is above a modal that opened in between.
  if (box.matches(':popover-open')) box.hidePopover();
  box.showPopover();
  setTimeout(() => {
    line.remove();
    if (box.childElementCount === 0) box.hidePopover();
  }, 8000);
}

/** Asks the server to do one thing as the person. Shows its notice. */
export async function ask(what) {
  try {
    const response = await fetch('/do', { method: 'POST', body: JSON.stringify({ me: look.me, ...what }) });
    const outcome = await response.json();
    if (outcome.notice) notice(outcome.notice);
    return outcome;
  } catch {
    notice('The sandbox does not answer. Is it still running?');
    return {};
  }
}

export async function fetchPicture() {
  const response = await fetch(`/picture?${new URLSearchParams(look)}`);
  return response.json();
}
