import type { ModalView } from '@slack/types';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import { context, section } from '../kit/blocks.ts';
import { modal } from '../kit/inputs.ts';
import { capital, count, escapeText, foreign } from '../kit/text.ts';
import { calleeBlocks, type Page, pageNotes, pager } from '../words/callee-pages.ts';
import { currentCounts, headline, mustConfirm } from '../words/headline.ts';
import { crowdWords, type NameOf, optionWords, playedWords } from '../words/request-words.ts';
import { countWords } from '../words/state-words.ts';
import { shownOnMessages, wholeRequestBlocks } from '../words/whole-request.ts';

export interface DetailsFacts extends Page {
  masked: boolean;
  metadata: string;
  nameOf?: NameOf;
  /** True: the view says that the full CSV file was sent as a direct message. */
  fileSent?: boolean;
  /** The request's history as lines of mrkdwn, oldest first. The view shows the last ones. */
  history?: readonly string[];
}

const historyShown = 20;

/** A request's results and history. `calls` is one page of its calls. */
export function detailsView(
  request: RequestView,
  calls: readonly CallView[],
  facts: DetailsFacts,
): ModalView {
  const asked = optionWords(request.options);
  const options = asked.length === 0 ? '' : `\n${capital(asked.join(', '))}`;
  const crowd = crowdWords(request.counts.callees, request.countries);
  const history = (facts.history ?? []).slice(-historyShown);
  const left = (facts.history ?? []).length - history.length;
  return modal({
    callbackId: 'voicecall_details',
    title: 'Details',
    metadata: facts.metadata,
    blocks: [
      section(
        `*${escapeText(headline(request, facts.nameOf))}*\n${crowd}: ${playedWords(request.audio, request.options, shownOnMessages)}${options}`,
      ),
      ...wholeRequestBlocks(request),
      ...(request.counts.callees === 0
        ? []
        : [section(countWords(currentCounts(request), { mustConfirm: mustConfirm(request) }))]),
      ...(request.outcome === null ? [] : [section(foreign(request.outcome, 1_000))]),
      ...calleeBlocks(calls, {
        masked: facts.masked,
        results: true,
        mustConfirm: mustConfirm(request),
      }),
      ...pager('details', request.id, facts),
      ...pageNotes(facts, facts.fileSent === true ? ['all of them were sent to you as a CSV file'] : []),
      ...(left > 0 ? [context(`${count(left)} earlier events are not shown.`)] : []),
      ...history.map((line) => context(line)),
      context(`Request \`${foreign(request.id, 60)}\``),
    ],
  });
}
