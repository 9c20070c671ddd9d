import { hash } from 'node:crypto';
import type { Heard } from '../decide.ts';
import { flatten } from '../flatten.ts';
import type { Identity } from '../identity.ts';
import { asText } from '../json.ts';
import { type Understood, understand } from '../understand.ts';
import type { Posted, PostedAlert } from './types.ts';

/** The place under which a source's alerts are stored, separate from channels and other sources. */
export function placeOfSource(name: string): string {
  return `source:${name}`;
}

/** The source of such a place. Undefined: it is a Slack channel. */
export function sourceOfPlace(place: string): string | undefined {
  return place.startsWith('source:') ? place.slice('source:'.length) : undefined;
}

const noIdentity: Identity = { incident: null, strict: '', loose: '', things: [], subjects: [] };

/**
 * A source's post in the form that `decide` needs.
 * @param byWords true: also read its words, so that the same alert in a Slack channel can be found
 */
export function heardFrom(
  posted: Posted,
  source: { name: string; receivedAt: number; now: number; byWords: boolean },
): Heard {
  const { name, receivedAt, now } = source;
  const place = placeOfSource(name);
  // A time after the arrival is wrong: the tool's clock is ahead. Kept, it would make all later messages old news.
  const toldAt = posted.kind === 'alert' ? (posted.at ?? receivedAt) : receivedAt;
  const at = Math.min(toldAt, receivedAt);
  const message = posted.kind === 'alert' ? asMessage(posted) : posted.message;
  const gated = {
    channel: place,
    ts: String(at / 1000),
    threadTs: undefined,
    isEdit: false,
    editedTs: undefined,
    botId: place,
    appId: undefined,
    teamId: undefined,
    botName: asText(message.username) ?? name,
    message,
  };
  const read = () => understand(flatten(message), { channel: place, botId: place, botName: gated.botName });
  const understood =
    posted.kind === 'message'
      ? read()
      : exactly(posted, place, source.byWords ? read().identity : noIdentity);
  return {
    ...{ gated, understood, now, source: { name, exact: posted.kind === 'alert', receivedAt } },
    details: posted.kind === 'alert' ? posted.labels : [],
  };
}

/** The tool gives every fact, so nothing is guessed from words. */
function exactly(posted: PostedAlert, place: string, identity: Identity): Understood {
  const { action, title, severity, link, text } = posted;
  return {
    status: action === 'trigger' ? 'firing' : action === 'resolve' ? 'resolved' : 'info',
    severity,
    title,
    link,
    key: hash('sha256', JSON.stringify([place, posted.key])).slice(0, 24),
    identity,
    endsFailure: false,
    endsBelow: false,
    acknowledgedBy: action === 'acknowledge' ? posted.by : null,
    text,
  };
}

function asMessage({ headline }: PostedAlert): Record<string, unknown> {
  return { text: headline };
}
