// The values of a modal's fields in the sandbox's form: text, an option's value, or several.

/** The value of one element with data-action. Null if it is empty. */
export function valueIn(element) {
  if (element.dataset.files !== undefined) {
    const ids = JSON.parse(element.dataset.files);
    return ids.length === 0 ? null : ids;
  }
  if (element.hasAttribute('data-list')) {
    const checked = [...element.querySelectorAll('input:checked')].map((input) => input.value);
    if (element.getAttribute('role') === 'radiogroup') return checked[0] ?? null;
    return checked;
  }
  if (element.type === 'datetime-local') {
    return element.value === '' ? null : String(Math.floor(new Date(element.value).getTime() / 1000));
  }
  return element.value === '' ? null : element.value;
}

/** All inputs of a view, by block_id. */
export function fieldValues(view) {
  const values = {};
  for (const element of view.querySelectorAll('[data-mode="input"], [data-mode="dispatch"]')) {
    values[element.dataset.block] = valueIn(element);
  }
  return values;
}

/** Writes the local time into controls whose value Slack counts in seconds. */
export function showTimes(view) {
  for (const input of view.querySelectorAll('[data-seconds]')) {
    if (input.dataset.seconds === '') continue;
    const date = new Date(Number(input.dataset.seconds) * 1000);
    const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
    input.value = local.toISOString().slice(0, 16);
  }
}
