import type { SandboxView } from '../slack/types.ts';
import { blocksHtml } from './blocks.ts';
import { textIn } from './fields.ts';
import { type Html, html } from './html.ts';
import type { View } from './world.ts';

/** The top modal of a person, drawn. Null if none is open. */
export interface DrawnModal {
  readonly id: string;
  readonly hash: string;
  readonly html: string;
}

function frame(view: View, modal: SandboxView, depth: number): Html {
  const submit = textIn(modal.submit);
  return html`<form class="modal" data-view="${modal.id}" data-callback="${modal.callback_id}" aria-labelledby="modal-title" novalidate>
    <header>
      ${depth > 1 && html`<button type="button" class="icon" data-close aria-label="Back">←</button>`}
      <h2 id="modal-title">${textIn(modal.title)}</h2>
      <button type="button" class="icon" data-close="all" aria-label="Close">×</button>
    </header>
    <div class="modal-body">${blocksHtml(modal.blocks, {
      view,
      id: `v-${modal.id}`,
      values: modal.state.values,
      errors: modal.errors,
    })}</div>
    <footer>
      <button type="button" class="bk-button" data-close>${textIn(modal.close) || 'Cancel'}</button>
      ${submit !== '' && html`<button type="submit" class="bk-button primary">${submit}</button>`}
    </footer>
  </form>`;
}

/** Draws the top modal with the person's entries and the app's field errors. */
export function topModal(view: View): DrawnModal | null {
  const stack = view.slack.state.views.get(view.me) ?? [];
  const modal = stack.at(-1);
  if (modal === undefined) return null;
  return { id: modal.id, hash: modal.hash, html: frame(view, modal, stack.length).markup };
}

/** The app's Home tab, drawn, or a sentence if the app has published none. */
export function homeTab(view: View): string {
  const home = view.slack.state.homes.get(view.me);
  if (home === undefined)
    return html`<p class="empty">The app has not published its Home tab for you yet.</p>`.markup;
  return html`<div class="home" data-view="${home.id}">${blocksHtml(home.blocks, {
    view,
    id: `h-${home.id}`,
    values: home.state.values,
  })}</div>`.markup;
}
