import { finishedRequestStates } from '../../calls/request/states.ts';
import type { CallView, RequestView } from '../../calls/request/types.ts';
import { type RenderedMessage, section, topText } from '../kit/blocks.ts';
import { channelMention, escapeText, foreign } from '../kit/text.ts';
import { decisionLines } from '../words/approval-words.ts';
import { headline } from '../words/headline.ts';
import { peopleLines } from '../words/people-lines.ts';
import { createWho, crowdWords, type MessageFacts, playedWords } from '../words/request-words.ts';

/** The direct message to the person who asked, about the decision on a request that waited for approval. */
export function renderOutcome(request: RequestView, facts: MessageFacts): RenderedMessage {
  const decided = decisionLines(request, createWho(facts.nameOf));
  const outcome = escapeText(headline(request, facts.nameOf));
  const what = `${crowdWords(request.counts.callees, request.countries)} (${playedWords(request.audio, request.options, 200)})`;
  return {
    text: topText(`${outcome}. You asked to call ${what}.`),
    blocks: [
      section(
        [
          `*${outcome}*`,
          `You asked to call ${what}, results in ${channelMention(request.channelId)}.`,
          ...decided,
        ].join('\n'),
      ),
    ],
  };
}

/**
 * The direct message to the person who asked, if a post could not go where it belongs. It says why and what to do.
 */
export function renderInstead(
  request: RequestView,
  gone: { what: 'board' | 'results' | 'file' | 'card'; channelId: string; error: string },
  facts: Partial<MessageFacts> & { calls?: readonly CallView[] } = {},
): RenderedMessage {
  const why =
    gone.error === 'is_archived'
      ? `${channelMention(gone.channelId)} was archived`
      : `Slack does not let Voicecall post in ${channelMention(gone.channelId)} (${foreign(gone.error, 60)})`;
  const outcome = escapeText(headline(request, facts.nameOf));
  const what = `${crowdWords(request.counts.callees, request.countries)}: ${playedWords(request.audio, request.options, 200)}`;
  const lines = peopleLines(request, facts.calls ?? []);
  // This message is never edited. If it shows a state that will change, it says that the results will follow.
  const more = gone.what === 'board' && !finishedRequestStates.includes(request.state);
  return {
    text: topText(
      `${gone.what === 'board' || gone.what === 'card' ? 'Your request' : 'Results of your request'}: ${outcome}.`,
      lines.length === 0 ? null : `${lines.join(' · ')}.`,
      'You get this here because the channel is closed to Voicecall.',
    ),
    blocks: [
      section(
        [
          `*${outcome}*`,
          what,
          ...lines,
          gone.what === 'card'
            ? `${why}, so the approvers could not be asked there: tell one of them, or ask again elsewhere.`
            : `${why}, so you get the ${gone.what === 'board' ? 'state of your request' : 'results'} here${more ? ', and its results once they are known' : ''}.`,
          `Everybody’s result: \`/voicecall status ${request.id}\`. For next time: un-archive the channel, or invite the app with \`/invite @Voicecall\`.`,
        ].join('\n'),
      ),
    ],
  };
}
