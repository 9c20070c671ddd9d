import type { IncomingMessage } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { answer, answerUnread, type Handler, readBody } from './server.ts';

export const slackEventsPath = '/slack/events';

/** Slack's own bodies are far below this; a view with 3,000 characters in each of 100 blocks has 300 kB. */
const bodyLimit = 1024 * 1024;
/** Slack's check of the certificate is a form of a few bytes without a signature: https://docs.slack.dev/interactivity/implementing-slash-commands */
const unsignedLimit = 1024;

const formType = 'application/x-www-form-urlencoded';

/**
 * Stands before Bolt's receiver: what carries no signature is refused before its body is read, the body is read with a
 * limit, and what is no JSON object is refused, for Bolt would end the process on it. Bolt checks the signature.
 */
export function createSlackEventsHandler(settings: {
  /** False before Slack has told who we are: everybody would seem to be of another workspace. */
  ready: () => boolean;
  receive: (request: IncomingMessage, response: Parameters<Handler>[1]) => void;
}): Handler {
  return async (request, response) => {
    // Slack tries again after a 503.
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

/** Whether Bolt will find an object in a body; it parses what begins with "{" itself, and refuses it in words if it must. */
function isObject(text: string, contentType: string | undefined): boolean {
  if (contentType !== formType) return beginsObject(text);
  const { payload } = parseQuery(text);
  return typeof payload !== 'string' || beginsObject(payload);
}

function beginsObject(text: string): boolean {
  return /^\s*\{/.test(text);
}
