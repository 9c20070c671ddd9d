import type { KnownBlock, ModalView } from '@slack/types';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import { actions, plainText, section } from '../kit/blocks.ts';
import { modal } from '../kit/inputs.ts';
import { escapeText } from '../kit/text.ts';
import { calleeBlocks, type Page, pageNotes, pager } from '../words/callee-pages.ts';
import { headline } from '../words/headline.ts';
import { createWho, type NameOf } from '../words/request-words.ts';
import { rosterLines } from '../words/roster-words.ts';
import { wholeRequestBlocks } from '../words/whole-request.ts';
import { approvalBlockId, approvalButtons, askedWords, consequences } from './card.ts';

export interface ReviewFacts extends Page {
  /** False only for the person who asked and the approvers: they see full numbers. */
  masked: boolean;
  /** True: the view shows Approve and Reject. */
  mayDecide: boolean;
  /**
   * Words about people who wait for the hours, in mrkdwn; an approver may let them be called at once. Absent: nobody
   * waits.
   */
  hours?: string;
  /** When people are called, by the wall clock (ms). Absent: the view does not say whether it is night for them. */
  callsAt?: number;
  /** The outcome of a decision made in this view, in mrkdwn. */
  notice?: string;
  /** See ApprovalFacts. */
  seen?: string;
  nameOf?: NameOf;
  metadata: string;
}

export const anyHourAction = 'any_hour';

/**
 * Uses an actions block, because a view with input blocks needs a submit button. Slack sends the ticked box with the
 * press of Approve.
 */
function hoursBlocks(words: string, mayDecide: boolean): KnownBlock[] {
  const tick = {
    text: plainText('Call everybody at once, whatever the hour is where they are', 75),
    value: 'yes',
  };
  return [
    section(`🌙 *Hours:* ${words}.`),
    ...(mayDecide
      ? [
          {
            type: 'actions' as const,
            block_id: anyHourAction,
            elements: [{ type: 'checkboxes' as const, action_id: anyHourAction, options: [tick] }],
          },
        ]
      : []),
  ];
}

/** What an approver reads before deciding. `calls` is one page of the calls. */
export function reviewView(request: RequestView, calls: readonly CallView[], facts: ReviewFacts): ModalView {
  const open = request.state === 'awaiting_approval';
  // With all options, because the review shows everything that the person approves.
  const lines = [
    askedWords(request, createWho(facts.nameOf)),
    ...consequences(request, open && facts.callsAt !== undefined ? { callsAt: facts.callsAt } : {}),
    ...rosterLines(request.rosters ?? [], facts.nameOf),
  ];
  return modal({
    callbackId: 'voicecall_review',
    title: 'Review the request',
    metadata: facts.metadata,
    blocks: [
      ...(facts.notice === undefined ? [] : [section(facts.notice)]),
      section(lines.join('\n')),
      ...wholeRequestBlocks(request),
      ...(open ? [] : [section(`*${escapeText(headline(request, facts.nameOf))}*`)]),
      ...(open && facts.hours !== undefined ? hoursBlocks(facts.hours, facts.mayDecide) : []),
      ...(open && facts.mayDecide ? actions(approvalButtons(request), approvalBlockId(facts.seen)) : []),
      ...calleeBlocks(calls, { masked: facts.masked, results: false }),
      ...pageNotes(facts),
      ...pager('review', request.id, facts),
    ],
  });
}
