// Elements that can be pressed, chosen or typed into. They are drawn here, because the block renderer draws them
// without their ids.
import { type Fields, fieldsOf, listOf, textIn, textOf } from './fields.ts';
import { type Html, html } from './html.ts';
import { type Choice, choicesOf, valuesOf } from './values.ts';
import { channelTitle, peopleIn, type View } from './world.ts';

/** An element's place, and what the person has entered in it. */
export interface Place {
  readonly view: View;
  readonly blockId: string;
  /** The element's id in the page, for its label. */
  readonly id: string;
  readonly entered?: Fields;
  /** The id of the element that holds the error or the hint. May be empty. */
  readonly describedBy: string;
  /** True in an input block: the value is kept until Submit. Otherwise each choice is an interaction. */
  readonly input: boolean;
  readonly dispatch: boolean;
  readonly invalid: boolean;
}

function confirmOf(element: Fields): string {
  if (element.confirm === undefined) return '';
  const dialog = fieldsOf(element.confirm);
  return JSON.stringify({
    title: textIn(dialog.title),
    text: textIn(dialog.text),
    confirm: textIn(dialog.confirm) || 'Yes',
    deny: textIn(dialog.deny) || 'No',
    style: textOf(dialog.style),
  });
}

/** The attributes that the page's scripts read. */
function wiring(element: Fields, place: Place): Html {
  return html`data-action="${textOf(element.action_id)}" data-block="${place.blockId}"
    data-mode="${place.input ? (place.dispatch ? 'dispatch' : 'input') : 'press'}" data-confirm="${confirmOf(element)}"`;
}

function labelling(place: Place): Html {
  return html`id="${place.id}" ${place.describedBy !== '' && html`aria-describedby="${place.describedBy}"`}
    ${place.invalid && html`aria-invalid="true"`}`;
}

function button(element: Fields, place: Place): Html {
  const style = textOf(element.style);
  const label = textOf(element.accessibility_label);
  const url = textOf(element.url);
  return html`<button type="button" class="bk-button ${style}" ${wiring(element, place)} data-press
    data-value="${textOf(element.value)}" ${/^https?:/.test(url) && html`data-url="${url}"`}
    ${label !== '' && html`aria-label="${label}"`}>${textIn(element.text)}</button>`;
}

function people(view: View): Choice[] {
  return peopleIn(view.slack).map(({ id, name }) => ({ value: id, label: name, description: '', group: '' }));
}

function conversations(element: Fields, view: View): Choice[] {
  const include = fieldsOf(element.filter).include;
  const wanted = Array.isArray(include) ? include : ['public', 'private', 'im'];
  const onlyPublic = textOf(element.type).endsWith('channels_select');
  return [...view.slack.state.channels.values()]
    .filter((channel) => !channel.is_archived)
    .filter(
      (channel) =>
        !(channel.is_private || channel.is_im) || (!onlyPublic && channel.members.includes(view.me)),
    )
    .filter((channel) => wanted.includes(channel.is_im ? 'im' : channel.is_private ? 'private' : 'public'))
    .map((channel) => ({
      value: channel.id,
      label: channel.is_im ? channelTitle(view.slack, channel) : `# ${channel.name}`,
      description: '',
      group: '',
    }));
}

function choices(element: Fields, view: View): Choice[] {
  const type = textOf(element.type);
  if (type.endsWith('users_select')) return people(view);
  if (type.endsWith('conversations_select') || type.endsWith('channels_select'))
    return conversations(element, view);
  return choicesOf(element);
}

function chosen(element: Fields, place: Place): string[] {
  const values = valuesOf(element, place.entered);
  return values.length === 0 && element.default_to_current_conversation === true
    ? [place.view.channel]
    : values;
}

function select(element: Fields, place: Place): Html {
  const values = chosen(element, place);
  const options = choices(element, place.view);
  const external = textOf(element.type) === 'external_select';
  const entered = fieldsOf(fieldsOf(place.entered).selected_option);
  const known =
    external && values[0] !== undefined
      ? [{ value: values[0], label: textIn(entered.text) || values[0], description: '', group: '' }]
      : options;
  const groups = [...new Set(known.map((option) => option.group))];
  const option = (choice: Choice) =>
    html`<option value="${choice.value}" ${values.includes(choice.value) && html`selected`}>${choice.label}${choice.description !== '' && ` – ${choice.description}`}</option>`;
  return html`${external && html`<input type="search" class="bk-suggest" data-suggest="${place.id}" aria-label="Search the options" placeholder="Type to search">`}
    <select class="bk-input" ${labelling(place)} ${wiring(element, place)}>
      <option value="">${textIn(element.placeholder) || 'Choose an option'}</option>
      ${groups.map((group) => {
        const inside = known.filter((choice) => choice.group === group).map(option);
        return group === '' ? inside : html`<optgroup label="${group}">${inside}</optgroup>`;
      })}
    </select>`;
}

function checklist(element: Fields, place: Place, kind: 'checkbox' | 'radio'): Html {
  const values = chosen(element, place);
  return html`<div class="bk-checks" role="${kind === 'radio' ? 'radiogroup' : 'group'}" ${labelling(place)}
    ${wiring(element, place)} data-list>${choices(element, place.view).map(
      (choice) => html`<label><input type="${kind}" name="${place.id}" value="${choice.value}"
        ${values.includes(choice.value) && html`checked`}><span>${choice.label}${choice.description !== '' && html`<small>${choice.description}</small>`}</span></label>`,
    )}</div>`;
}

function multiSelect(element: Fields, place: Place): Html {
  const values = chosen(element, place);
  const picked = choices(element, place.view).filter((choice) => values.includes(choice.value));
  return html`<details class="bk-multi"><summary>${
    picked.length === 0
      ? html`<span class="placeholder">${textIn(element.placeholder) || 'Choose options'}</span>`
      : picked.map((choice) => html`<span class="token">${choice.label}</span>`)
  }</summary>${checklist(element, place, 'checkbox')}</details>`;
}

const inputTypes: Record<string, string> = {
  plain_text_input: 'text',
  email_text_input: 'email',
  url_text_input: 'url',
  number_input: 'text',
  datepicker: 'date',
  timepicker: 'time',
};

function textInput(element: Fields, place: Place): Html {
  const value = valuesOf(element, place.entered)[0] ?? '';
  const hint = textIn(element.placeholder);
  if (element.multiline === true || element.type === 'rich_text_input') {
    return html`<textarea class="bk-input" rows="3" placeholder="${hint}" ${labelling(place)} ${wiring(element, place)}>
${value}</textarea>`;
  }
  return html`<input class="bk-input" type="${inputTypes[textOf(element.type)] ?? 'text'}" value="${value}"
    ${element.type === 'number_input' && html`inputmode="decimal"`} autocomplete="off"
    placeholder="${hint}" ${labelling(place)} ${wiring(element, place)}>`;
}

/** Slack's value is in seconds since 1970. The browser's control uses local time without a zone. */
function dateTime(element: Fields, place: Place): Html {
  const value = valuesOf(element, place.entered)[0] ?? '';
  return html`<input class="bk-input" type="datetime-local" data-seconds="${value}" ${labelling(place)} ${wiring(element, place)}>`;
}

function fileInput(element: Fields, place: Place): Html {
  const types = Array.isArray(element.filetypes)
    ? element.filetypes.map((type) => `.${textOf(type)}`).join(',')
    : '';
  const files = listOf(fieldsOf(place.entered).files);
  return html`<input class="bk-file" type="file" accept="${types}" ${element.max_files !== 1 && html`multiple`}
    data-files="${JSON.stringify(files.map((file) => textOf(file.id)))}" ${labelling(place)} ${wiring(element, place)}>
    ${files.length > 0 && html`<p class="hint">Uploaded: ${files.map((file) => textOf(file.name)).join(', ')}</p>`}`;
}

function overflow(element: Fields, place: Place): Html {
  return html`<details class="bk-overflow"><summary aria-label="More actions">⋯</summary><div class="menu">${choicesOf(
    element,
  ).map(
    (choice) =>
      html`<button type="button" ${wiring(element, place)} data-press data-choice="${choice.value}">${choice.label}</button>`,
  )}</div></details>`;
}

/** Draws one interactive element. Null for an element that we do not draw (an image, for example). */
export function elementHtml(element: Fields, place: Place): Html | null {
  const type = textOf(element.type);
  if (type === 'button' || type === 'workflow_button') return button(element, place);
  if (type === 'overflow') return overflow(element, place);
  if (type === 'checkboxes') return checklist(element, place, 'checkbox');
  if (type === 'radio_buttons') return checklist(element, place, 'radio');
  if (type === 'file_input') return fileInput(element, place);
  if (type === 'datetimepicker') return dateTime(element, place);
  if (type.startsWith('multi_')) return multiSelect(element, place);
  if (type.endsWith('_select')) return select(element, place);
  if (type === 'rich_text_input' || inputTypes[type] !== undefined) return textInput(element, place);
  return null;
}
