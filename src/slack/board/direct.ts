import { finishedRequestStates } from '../../calls/request/states.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { type RenderedMessage, section, topText } from '../kit/blocks.ts';
import { channelMention, foreign, listWords } from '../kit/text.ts';
import { decisionLines, toldByDecision } from '../words/approval-words.ts';
import { createWho, crowdWords, type MessageFacts, playedWords } from '../words/request-words.ts';
import { countWords, requestWords, stateWords } from '../words/state-words.ts';

/** Tells the person who asked, privately, what became of a request that waited for approval. */
export function renderOutcome(request: RequestView, facts: MessageFacts): RenderedMessage {
  const decided = decisionLines(request, createWho(facts.nameOf));
  const { emoji, words } = stateWords(request);
  const what = `Your request to ring ${crowdWords(request.counts.callees, request.countries)} (${playedWords(request.message, request.options, 200)})`;
  return {
    text: topText(`${what}: ${requestWords[request.state].words}.`),
    blocks: [
      section(
        [
          `${what}, results to ${channelMention(request.channelId)}:`,
          ...(toldByDecision(request) ? [] : [`${emoji} *${words}*`]),
          ...decided,
        ].join('\n'),
      ),
    ],
  };
}

/** What cannot be posted where it belongs goes to the person who asked, with why and what to do. */
export function renderInstead(
  request: RequestView,
  gone: { what: 'board' | 'results' | 'file' | 'card'; channelId: string; error: string },
): RenderedMessage {
  const { emoji, words } = requestWords[request.state];
  const why =
    gone.error === 'is_archived'
      ? `${channelMention(gone.channelId)} was archived`
      : `Slack does not let Voicecall post in ${channelMention(gone.channelId)} (${foreign(gone.error, 60)})`;
  const counts = countWords(request.counts, true).join(' · ');
  const told = listWords(countWords(request.counts, false));
  // What stands here is not edited: whoever gets the state is told that the results come as well.
  const more = gone.what === 'board' && !finishedRequestStates.includes(request.state);
  return {
    text: topText(
      `${gone.what === 'board' || gone.what === 'card' ? 'Your request' : 'Results of your request'} to ring ${crowdWords(request.counts.callees, request.countries)}: ${words}.`,
      told === '' ? null : `${told}.`,
      'You get this here because the channel is closed to Voicecall.',
    ),
    blocks: [
      section(
        [
          gone.what === 'card'
            ? `${why}, so the approvers could not be asked there: tell one of them, or ask again elsewhere.`
            : `${why}, so you get the ${gone.what === 'board' ? 'state of your request' : 'results'} here${more ? ', and its results once it is sent' : ''}.`,
          `Ring *${crowdWords(request.counts.callees, request.countries)}*: ${playedWords(request.message, request.options, 200)}`,
          `${emoji} *${words}*${counts === '' ? '' : `: ${counts}`}`,
          `Every callee’s result: \`/voicecall status ${request.id}\`. For next time: un-archive the channel, or invite the app with \`/invite @Voicecall\`.`,
        ].join('\n'),
      ),
    ],
  };
}
