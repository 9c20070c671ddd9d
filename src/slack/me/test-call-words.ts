import { maskNumber } from '../../callees/numbering-plan.ts';
import type { CallState, CallView, RequestView } from '../../calls/request/types.ts';
import { actions, button, type RenderedMessage, section, topText } from '../kit/blocks.ts';
import { capital, foreign } from '../kit/text.ts';
import { reasonWords } from '../words/call-words.ts';
import { shownCaller } from '../words/caller-numbers.ts';

/** The result of a test call, as far as it is known. */
export function renderTestCall(request: RequestView, calls: readonly CallView[]): RenderedMessage {
  const call = calls.find((each) => !each.superseded);
  if (call === undefined) {
    const text = '🛑 Your test call was stopped: you were not called.';
    return { text, blocks: [section(text)] };
  }
  const lead = leadWords(call);
  const caller = callerWords(request, call.state);
  const over = !waiting.includes(call.state);
  return {
    text: topText(lead.replaceAll('*', ''), caller),
    blocks: [
      section([lead, ...(caller === null ? [] : [caller])].join('\n')),
      ...actions(
        over
          ? [
              button('Call me again', 'call_me', 'again'),
              ...(request.options.displayNum === undefined
                ? []
                : [button('Contact card', 'contact_card', 'again')]),
            ]
          : [],
        'test_call',
      ),
    ],
  };
}

const waiting: CallState[] = ['ready', 'sending', 'accepted'];

function leadWords(call: CallView): string {
  const phone = `your phone (${maskNumber(call.callee)})`;
  const why = reasonWords(call);
  const because = why === '' ? '.' : `: ${foreign(why, 400)}.`;
  switch (call.state) {
    case 'ready':
    case 'sending':
      return `📞 *Calling ${phone}.* Answer it and press the key you are asked for.`;
    case 'accepted':
      return `📞 *Calling ${phone}.* Answer it in a moment and press the key you are asked for.`;
    case 'answered':
      return `✅ *You were reached:* you answered${keyWords(call.feedbackValue)}.`;
    case 'not_answered':
      return `📵 *You were not reached* at ${phone}${because}`;
    case 'unknown':
      return `❓ *We don't know whether ${phone} rang*${because}`;
    case 'held':
      return `✋ *${capital(phone)} was not called*${because}`;
    case 'refused':
    case 'failed':
      return `❌ *${capital(phone)} was not called*${because}`;
    case 'cancelled':
      return `🛑 *${capital(phone)} was not called:* the call was stopped.`;
  }
}

function keyWords(key: string | null): string {
  return key === null ? ', and no key was reported' : ` and pressed *${foreign(key, 20)}*`;
}

/** The caller number that the phone showed; null if the phone did not ring. */
function callerWords({ options }: RequestView, state: CallState): string | null {
  if (['refused', 'failed', 'held', 'cancelled'].includes(state)) return null;
  return options.displayNum === undefined
    ? 'Caller number: chosen by the voice platform, because `voice.displayNum` is not set.'
    : `Caller number: \`${foreign(shownCaller(options.displayNum), 40)}\`. Let it through at night: save the contact card.`;
}
