import type { IncomingMessage } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { answer, answerUnread, type Handler, readBody } from './server.ts';

export const slackEventsPath = '/slack/events';

/** Slack's bodies are far smaller: a view with 3,000 characters in each of 100 blocks has 300 kB. */
const bodyLimit = 1024 * 1024;
/**
 * Slack's certificate check is a form of a few bytes without a signature:
 * https://docs.slack.dev/interactivity/implementing-slash-commands
 */
const unsignedLimit = 1024;

const formType = 'application/x-www-form-urlencoded';

/**
 * Runs before Bolt's receiver. Refuses a request without a signature before reading its body, limits the body's size,
 * and refuses a body that is not a JSON object, because Bolt would end the process. Bolt checks the signature.
 */
export function createSlackEventsHandler(settings: {
  /** False before Slack has told us who we are: until then every sender would look like another workspace. */
  ready: () => boolean;
  receive: (request: IncomingMessage, response: Parameters<Handler>[1]) => void;
}): Handler {
  return async (request, response) => {
    // Slack retries after a 503.
    if (!settings.ready()) return answer(response, 503, { error: 'starting' });
    if (!isSigned(request) && !mayBeCertificateCheck(request))
      return answer(response, 401, { error: 'no signature of Slack' });
    const body = await readBody(request, bodyLimit);
    if (body === 'too large' || body === 'busy') return answerUnread(response, body, { error: body });
    if (!isObject(body.toString(), request.headers['content-type']))
      return answer(response, 400, { error: 'no JSON object' });
    settings.receive(Object.assign(request, { rawBody: body }), response);
  };
}

function isSigned({ headers }: IncomingMessage): boolean {
  const signature = headers['x-slack-signature'];
  return (
    typeof signature === 'string' &&
    /^v0=[0-9a-f]{64}$/.test(signature) &&
    typeof headers['x-slack-request-timestamp'] === 'string'
  );
}

function mayBeCertificateCheck({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return headers['content-type'] === formType && length <= unsignedLimit;
}

/**
 * True if Bolt will find an object in the body. Bolt itself parses what begins with "{" and answers an error for it.
 */
function isObject(text: string, contentType: string | undefined): boolean {
  if (contentType !== formType) return beginsObject(text);
  const { payload } = parseQuery(text);
  return typeof payload !== 'string' || beginsObject(payload);
}

function beginsObject(text: string): boolean {
  return /^\s*\{/.test(text);
}
