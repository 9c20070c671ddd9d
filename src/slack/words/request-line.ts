import type { RequestView } from '../../calls/request/types.ts';
import { channelMention, date, escapeText, foreign, mention } from '../kit/text.ts';
import { headline } from './headline.ts';
import { waitingForHours } from './hours-words.ts';
import { reachLine } from './reach-words.ts';
import { audioWords, crowdWords, type NameOf } from './request-words.ts';

interface Shown {
  nameOf?: NameOf | undefined;
  /** True: the reader asked for it. */
  own?: boolean;
  /** True: without what an alert says, because the reader may not be in its channel. */
  brief?: boolean;
  /** False: the heading of the list says the outcome. */
  outcome?: boolean;
}

/** One request in a few lines of mrkdwn; the outcome comes first. */
export function requestLine(
  request: RequestView,
  { nameOf, own = false, brief = false, outcome: withOutcome = true }: Shown = {},
): string {
  const crowd = crowdWords(request.counts.callees, request.countries);
  const outside = waitingForHours(request);
  // This line can show the time in the reader's zone. The headline is plain text, so it shows UTC.
  const outcome =
    request.state === 'scheduled' && request.whenAt !== null
      ? `Scheduled for ${date(request.whenAt)}`
      : escapeText(headline(request, nameOf));
  const rejected = request.decisions.find((each) => each.decision === 'reject');
  const why = request.state === 'rejected' && rejected?.reason ? `: “${foreign(rejected.reason, 120)}”` : '';
  const about = request.alertTitle === null || brief ? '' : ` · ${foreign(request.alertTitle, 120)}`;
  const played = audioWords(request.audio, 80);
  const rule = request.ruleName === null ? '' : ` · rule ${foreign(request.ruleName, 80)}`;
  const by = request.requestedBy === null || own ? '' : ` by ${mention(request.requestedBy)}`;
  const asked = `${request.origin === 'alert' ? 'started' : 'asked'}${by} ${date(request.createdAt)}`;
  return [
    withOutcome ? `*${outcome}*${why}${about}` : `*${crowd}*${about}`,
    `${[...(withOutcome ? [crowd] : []), ...(brief ? [] : [played])].join(': ')}${rule}`,
    `${asked} · ${channelMention(request.channelId)} · \`${foreign(request.id, 60)}\``,
    ...(request.reach?.running ? [reachLine(request.reach)] : []),
    ...(outside === null ? [] : [`🌙 ${outside}`]),
  ].join('\n');
}
