import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { VoicecallError } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import { slackLogger } from '../../../src/slack/client/bolt.ts';
import { slackFailure } from '../../../src/slack/client/errors.ts';
import { createSlackClients } from '../../../src/slack/context/clients.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** Null: the connection is cut. */
  body: string | null;
}

/** The error of one call to a Slack with this answer. */
async function thrownBy({ status = 200, headers = {}, body }: Answer): Promise<unknown> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    if (body === null) incoming.socket.destroy();
    else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  const { web } = createSlackClients({
    token: 'xoxb-1',
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    logger: slackLogger(createLog('silent')),
  });
  try {
    await web.chat.update({ channel: 'C0OPS', ts: '1.1', text: 'x' });
    return undefined;
  } catch (error) {
    return error;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const named = (error: string): Answer => ({ body: JSON.stringify({ ok: false, error }) });

/** Slack's answers, their meaning, and whether they are shown as Slack's own fault. */
const cases: [what: string, answer: Answer, kind: 'limited' | 'refused' | 'unclear', slacks: boolean][] = [
  ['a page with 200', { body: '<!DOCTYPE html><html></html>' }, 'unclear', true],
  ['an empty body', { body: '' }, 'unclear', true],
  ['cut JSON', { body: '{"ok":tr' }, 'unclear', true],
  ['JSON null', { body: 'null' }, 'unclear', true],
  ['JSON that is no object', { body: '"ok"' }, 'unclear', true],
  ['an object without ok', { body: '{}' }, 'unclear', true],
  ['HTTP 503', { status: 503, body: 'busy' }, 'unclear', true],
  ['a cut connection', { body: null }, 'unclear', true],
  ['429', { status: 429, headers: { 'retry-after': '5' }, body: '' }, 'limited', true],
  ['429 that does not say how long', { status: 429, body: '' }, 'unclear', true],
  ...['ratelimited', 'rate_limited', 'message_limit_exceeded'].map((error): (typeof cases)[number] => [
    error,
    named(error),
    'limited',
    true,
  ]),
  ...[
    ...['request_timeout', 'team_added_to_org', 'update_failed', 'service_unavailable', 'fatal_error'],
    'internal_error',
  ].map((error): (typeof cases)[number] => [error, named(error), 'unclear', true]),
  ...['missing_scope', 'accesslimited', 'invalid_auth', 'expired_trigger_id'].map(
    (error): (typeof cases)[number] => [error, named(error), 'refused', true],
  ),
  ...['message_not_found', 'channel_not_found', 'invalid_blocks', 'quota_of_the_moon'].map(
    (error): (typeof cases)[number] => [error, named(error), 'refused', false],
  ),
];

for (const [what, answer, kind, slacks] of cases) {
  test(`${what}: ${kind}${slacks ? ', told as Slack’s' : ''}`, async () => {
    const error = await thrownBy(answer);
    assert.equal(slackFailure(error).kind, kind);
    assert.equal(error instanceof VoicecallError && error.code === 'slack_unavailable', slacks);
  });
}
