import { z } from 'zod';
import { type Post, readPost } from '../../outbox/post.ts';
import { type ApprovalFacts, renderApprovalCard } from '../approval/card.ts';
import { renderReminder } from '../approval/reminder.ts';
import { renderBoard } from '../board/board.ts';
import { renderCsv } from '../board/csv.ts';
import { renderInstead, renderOutcome } from '../board/direct.ts';
import { renderPostedAlert } from '../board/posted-alert.ts';
import { renderResults } from '../board/results.ts';
import { renderTold } from '../board/told.ts';
import type { SlackDeps } from '../context/deps.ts';
import { context, section, topText } from '../kit/blocks.ts';
import { slackLimits } from '../kit/limits.ts';
import { channelMention, foreign, timeAndDay, utc } from '../kit/text.ts';
import { renderContact } from '../me/contact-card.ts';
import { renderTestCall } from '../me/test-call-words.ts';
import { renderCopy } from '../recordings/copy.ts';
import { requestLine } from '../words/request-line.ts';
import { type Known, lookUp } from './look-up.ts';
import type { PostRow, Rendered } from './types.ts';

type Shown = Pick<PostRow, 'id' | 'posted_at'>;
type Message = Extract<Rendered, { kind: 'message' }>;

/** What a message of the outbox shows now; null if there is nothing to show. */
export async function renderMessage(deps: SlackDeps, message: PostRow): Promise<Rendered | null> {
  const what = readPost(message);
  if (what === null) return null;
  if (what.kind === 'words') return renderWords(message, what);
  if (what.kind === 'alert') return await renderAlert(deps, message, what.alert);
  if (what.kind === 'contact') return await renderContact(deps);
  if (what.kind === 'audio') return await renderCopy(deps, what.recording);
  const known = await lookUp(deps, message, what);
  return known === null ? null : render(what, message, known);
}

/** Draws a post from what was looked up. Pure. */
export function render(
  what: Exclude<Post, { kind: 'words' | 'alert' | 'contact' | 'audio' }>,
  message: Shown,
  known: Known,
): Rendered | null {
  const { request, calls, facts } = known;
  switch (what.kind) {
    case 'board':
      return withNotes(
        { kind: 'message', ...renderBoard(request, { ...facts, endings: known.endings }, calls) },
        [...movedNotes(what), ...anewNotes(what)],
      );
    case 'results':
      return away(what, known, {
        kind: 'message',
        ...renderResults(request, calls, { nameOf: facts.nameOf ?? (() => null), endings: known.endings }),
      });
    case 'card':
      return withNotes(
        tagged(message, renderApprovalCard(request, cardFacts(what, message, known))),
        anewNotes(what),
      );
    case 'file':
      return renderFile(known, what.when);
    case 'full':
      return renderFile(known, 'full');
    case 'outcome':
      return tagged(message, renderOutcome(request, facts));
    case 'tested':
      return tagged(message, renderTestCall(request, calls));
    case 'told': {
      const told = renderTold(request, what.about, {
        ...facts,
        calls,
        posted: message.posted_at !== null,
      });
      return told === null ? null : away(what, known, tagged(message, told));
    }
    case 'instead':
      return tagged(message, renderInstead(request, { ...what, what: what.instead }, { ...facts, calls }));
    case 'reminder':
      // The request may have been decided while the reminder waited for Slack.
      return request.state === 'awaiting_approval' ? tagged(message, renderReminder(request, facts)) : null;
  }
}

function renderWords(message: Shown, { plain, at }: Extract<Post, { kind: 'words' }>): Message {
  const words = foreign(plain, 2_000);
  if (at === undefined) return tagged(message, { text: words, blocks: [section(words)] });
  return tagged(message, {
    text: words.replace('{time}', utc(at)),
    blocks: [section(words.replace('{time}', timeAndDay(at)))],
  });
}

/** Adds lines that say why a message is where it is, if Slack's limit of blocks allows it. */
function withNotes(rendered: Message, notes: string[]): Message {
  const blocks = [...rendered.blocks, ...notes.map((note) => context(note))];
  return notes.length === 0 || blocks.length > slackLimits.messageBlocks ? rendered : { ...rendered, blocks };
}

/**
 * A reply that had to leave the thread of its board also says which request it is about, because it may be read alone.
 */
function away(
  what: { movedFrom?: string; error?: string },
  { request, facts }: Known,
  reply: Message,
): Message {
  if (what.movedFrom === undefined) return reply;
  const about = request.ruleName === null ? `Request ${request.id}` : `Rule ${foreign(request.ruleName, 80)}`;
  return withNotes({ ...reply, text: topText(reply.text, `${about}.`) }, [
    requestLine(request, { nameOf: facts.nameOf, outcome: false, own: true }),
    ...movedNotes(what),
  ]);
}

function movedNotes({ movedFrom, error = '' }: { movedFrom?: string; error?: string }): string[] {
  return movedFrom === undefined
    ? []
    : [
        `This belongs in ${channelMention(movedFrom)}, but Slack does not let Voicecall post there (${foreign(error, 60)}).`,
      ];
}

function anewNotes({ anew }: { anew?: true }): string[] {
  return anew ? ['The message before this one was deleted. This one shows the request from now on.'] : [];
}

/** The current state of an alert that a tool posted to us. */
async function renderAlert(deps: SlackDeps, message: Shown, id: string): Promise<Rendered | null> {
  const row = await deps.store.read
    .selectFrom('alerts')
    .select(['status', 'severity', 'title', 'link', 'details', 'channel_id', 'acked_by', 'episode_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { status, severity, title, link } = row;
  const rendered = renderPostedAlert({
    ...{ status, severity, title, link, labels: labelsSchema.parse(JSON.parse(row.details ?? '[]')) },
    ...{ source: row.channel_id.replace(/^source:/, ''), ackedBy: row.acked_by, since: row.episode_at },
  });
  return tagged(message, rendered);
}

const labelsSchema = z.array(z.tuple([z.string(), z.string()]));

/** Adds the message's id as metadata. If Slack's answer is lost, `findPosted` looks for this id. */
function tagged(message: Shown, rendered: Omit<Message, 'kind' | 'metadata'>): Message {
  const metadata = { event_type: 'voicecall_reply', event_payload: { message_id: message.id } };
  return { kind: 'message', ...rendered, metadata };
}

function cardFacts(
  what: Extract<Post, { kind: 'card' }>,
  message: Shown,
  { request, calls, facts, hours = null, balance, unreadableGroups }: Known,
): ApprovalFacts {
  const open = request.state === 'awaiting_approval';
  // The time of posting, not the current time: a card with changing figures would be edited again and again.
  const at = request.whenAt ?? message.posted_at ?? facts.now;
  return {
    ...facts,
    ...(open ? { callsAt: at } : {}),
    calls,
    hours,
    balance,
    unreadableGroups,
    ...(what.movedFrom === undefined
      ? {}
      : { movedFrom: { channelId: what.movedFrom, error: what.error ?? '' } }),
    seen: request.hash.slice(0, 16),
  };
}

function renderFile({ request, calls }: Known, when: 'sent' | 'done' | 'full'): Rendered {
  const { name, title, comment } = fileWords[when];
  return {
    kind: 'file',
    name: `voicecall-${request.id}-${name}.csv`,
    title: `${title} ${request.counts.callees}`,
    content: renderCsv(calls, { masked: when !== 'full' }),
    comment,
  };
}

const fileWords: Record<'sent' | 'done' | 'full', { name: string; title: string; comment: string }> = {
  sent: {
    name: 'submitted',
    title: 'Accepted or refused, all',
    comment:
      'Whether the voice platform accepted each call. How the calls ended follows once all have ended. Numbers are masked.',
  },
  done: { name: 'results', title: 'Results of all', comment: 'Everybody’s result. Numbers are masked.' },
  full: {
    name: 'full',
    title: 'Results of all',
    comment: 'Everybody’s result with numbers in full, for you alone.',
  },
};
