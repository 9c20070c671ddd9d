import { elementHtml, type Place } from './elements.ts';
import { type Fields, fieldsOf, listOf, textIn, textOf } from './fields.ts';
import { type Html, html } from './html.ts';
import { imageIcon } from './icons.ts';
import { drawBlock } from './library.ts';
import { namesIn, type View } from './world.ts';

/** The surroundings of blocks. A message has no entries and no errors. */
export interface Surface {
  readonly view: View;
  /** Unique on the page. The ids of inputs start with it. */
  readonly id: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly errors?: Readonly<Record<string, string>>;
}

function placeOf(surface: Surface, block: Fields, element: Fields, input: boolean): Place {
  const blockId = textOf(block.block_id);
  const entered = fieldsOf(surface.values?.[blockId])[textOf(element.action_id)];
  const invalid = surface.errors?.[blockId] !== undefined;
  const id = `${surface.id}-${blockId}-${textOf(element.action_id)}`.replace(/[^\w-]/g, '_');
  return {
    view: surface.view,
    blockId,
    id,
    ...(entered !== undefined && { entered: fieldsOf(entered) }),
    describedBy: invalid ? `${id}-error` : block.hint !== undefined ? `${id}-hint` : '',
    input,
    dispatch: block.dispatch_action === true,
    invalid,
  };
}

function inputBlock(block: Fields, surface: Surface): Html {
  const element = fieldsOf(block.element);
  const place = placeOf(surface, block, element, true);
  const error = surface.errors?.[place.blockId];
  const type = textOf(element.type);
  const group = type.startsWith('multi_') || type === 'checkboxes' || type === 'radio_buttons';
  const label = html`${textIn(block.label)}${block.optional === true && html` <span class="optional">(optional)</span>`}`;
  return html`<div class="bk-field ${error !== undefined && 'has-error'}" data-field="${place.blockId}">
    ${group ? html`<div class="label" id="${place.id}-label">${label}</div>` : html`<label class="label" for="${place.id}">${label}</label>`}
    ${elementHtml(element, place) ?? drawBlock(block, namesIn(surface.view.slack))}
    ${error !== undefined && html`<p class="error" id="${place.id}-error" role="alert">${error}</p>`}
    ${block.hint !== undefined && html`<p class="hint" id="${place.id}-hint">${textIn(block.hint)}</p>`}
  </div>`;
}

function actionsBlock(block: Fields, surface: Surface): Html {
  return html`<div class="bk-actions" role="group">${listOf(block.elements).map((element) =>
    elementHtml(element, placeOf(surface, block, element, false)),
  )}</div>`;
}

function sectionBlock(block: Fields, surface: Surface): Html {
  const names = namesIn(surface.view.slack);
  const accessory = fieldsOf(block.accessory);
  const drawn =
    block.accessory === undefined ? null : elementHtml(accessory, placeOf(surface, block, accessory, false));
  if (drawn === null) return drawBlock(block, names);
  const { accessory: _, ...rest } = block;
  return html`<div class="bk-section"><div class="body">${drawBlock(rest, names)}</div><div class="side">${drawn}</div></div>`;
}

function cellHtml(cell: Fields, surface: Surface): Html {
  if (cell.type === 'rich_text') return drawBlock(cell, namesIn(surface.view.slack));
  return html`${textOf(cell.text) || textOf(cell.value)}`;
}

function tableBlock(block: Fields, surface: Surface): Html {
  const rows = Array.isArray(block.rows) ? block.rows.map(listOf) : [];
  const settings = listOf(block.column_settings);
  const look = (column: number) => {
    const side = textOf(settings[column]?.align);
    const align = ['left', 'center', 'right'].includes(side) ? side : 'left';
    return settings[column]?.is_wrapped === true ? `${align} wrapped` : align;
  };
  const [head = [], ...body] = rows;
  return html`<div class="bk-table" role="region" aria-label="Table"><table>
    <thead><tr>${head.map((cell, column) => html`<th scope="col" class="${look(column)}">${cellHtml(cell, surface)}</th>`)}</tr></thead>
    <tbody>${body.map((row) => html`<tr>${row.map((cell, column) => html`<td class="${look(column)}">${cellHtml(cell, surface)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

function imageBlock(block: Fields): Html {
  // The page loads nothing from other machines, so an image is shown as its description.
  return html`<p class="bk-image" role="img" aria-label="${textOf(block.alt_text)}">${imageIcon} ${textIn(block.title) || textOf(block.alt_text)}</p>`;
}

function contextBlock(block: Fields, surface: Surface): Html {
  const elements = listOf(block.elements).map((element) =>
    element.type === 'image' ? { type: 'plain_text', text: `[${textOf(element.alt_text)}]` } : element,
  );
  return drawBlock({ ...block, elements }, namesIn(surface.view.slack));
}

/** Draws blocks in their order. */
export function blocksHtml(blocks: unknown, surface: Surface): Html {
  const draw = (block: Fields): Html => {
    if (block.type === 'input') return inputBlock(block, surface);
    if (block.type === 'actions') return actionsBlock(block, surface);
    if (block.type === 'section') return sectionBlock(block, surface);
    if (block.type === 'table') return tableBlock(block, surface);
    if (block.type === 'image') return imageBlock(block);
    if (block.type === 'context') return contextBlock(block, surface);
    return drawBlock(block, namesIn(surface.view.slack));
  };
  return html`${listOf(blocks).map(draw)}`;
}
