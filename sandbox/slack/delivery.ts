/**
 * Sends commands, interactions and events to the app as Slack does: by a signed POST
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack), or by an envelope if a socket is open.
 */

import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { takeFault } from './faults.ts';
import type { ActionResult, Delivery, DeliveryKind, DeliveryResult, JsonObject } from './types.ts';
import { emit, later, log, newId, type World } from './world.ts';

interface RawAnswer {
  outcome: DeliveryResult['outcome'];
  status: number | null;
  answer: JsonObject | null;
  noRetry: boolean;
}

const FORM = 'application/x-www-form-urlencoded';

/** The body's bytes and its content type, exactly as Slack sends them (no charset: Bolt compares the string). */
function encode(kind: DeliveryKind, body: JsonObject): { type: string; text: string } {
  if (kind === 'event') return { type: 'application/json', text: JSON.stringify(body) };
  const fields =
    kind === 'command'
      ? Object.entries(body).map(([key, value]): [string, string] => [key, String(value)])
      : [['payload', JSON.stringify(body)] as [string, string]];
  return { type: FORM, text: new URLSearchParams(fields).toString() };
}

/** Slack's v0 signature of a body, with the timestamp in seconds. */
export function signature(secret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

function parseAnswer(text: string): JsonObject | null {
  if (text.trim() === '') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as JsonObject;
  } catch {
    // Not JSON: Slack shows a plain body in the answer to a command as text.
  }
  return { text };
}

function post(world: World, url: string, delivery: Delivery, reason?: string): Promise<RawAnswer> {
  const { type, text } = encode(delivery.kind, delivery.body);
  const timestamp = Math.floor(Date.now() / 1000);
  const headers: Record<string, string | number> = {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signature(world.state.app.signingSecret, timestamp, text),
  };
  if (delivery.retryNum > 0) {
    headers['x-slack-retry-num'] = delivery.retryNum;
    headers['x-slack-retry-reason'] = reason ?? 'unknown_error';
  }
  return new Promise((resolve) => {
    const failed = (outcome: RawAnswer['outcome']): void =>
      resolve({ outcome, status: null, answer: null, noRetry: false });
    // A new connection for each. A kept one that the app has just closed would look like a failure of the app.
    const outgoing = request(url, { method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => failed('connection_failed'));
      response.on('end', () => {
        clearTimeout(timer);
        const status = response.statusCode ?? 0;
        resolve({
          outcome: status >= 200 && status < 300 ? 'ok' : 'http_error',
          status,
          answer: parseAnswer(Buffer.concat(chunks).toString('utf8')),
          noRetry: response.headers['x-slack-no-retry'] === '1',
        });
      });
    });
    const timer = setTimeout(() => {
      failed('operation_timeout');
      outgoing.destroy();
    }, world.options.ackTimeoutMs);
    outgoing.on('error', () => {
      clearTimeout(timer);
      failed('connection_failed');
    });
    outgoing.end(text);
  });
}

function overSocket(world: World, delivery: Delivery, reason?: string): Promise<RawAnswer> {
  const envelopeId = delivery.id;
  const type =
    delivery.kind === 'event' ? 'events_api' : delivery.kind === 'command' ? 'slash_commands' : 'interactive';
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      world.sockets.waiting.delete(envelopeId);
      resolve({ outcome: 'operation_timeout', status: null, answer: null, noRetry: false });
    }, world.options.ackTimeoutMs);
    world.sockets.waiting.set(envelopeId, (answer) => {
      clearTimeout(timer);
      world.sockets.waiting.delete(envelopeId);
      resolve({ outcome: 'ok', status: 200, answer, noRetry: false });
    });
    const sent = world.sockets.send({
      envelope_id: envelopeId,
      type,
      accepts_response_payload: delivery.kind !== 'event',
      payload: delivery.body,
      ...(delivery.kind === 'event' ? { retry_attempt: delivery.retryNum, retry_reason: reason ?? '' } : {}),
    });
    if (sent) return;
    clearTimeout(timer);
    world.sockets.waiting.delete(envelopeId);
    resolve({ outcome: 'connection_failed', status: null, answer: null, noRetry: false });
  });
}

async function transmit(world: World, delivery: Delivery, reason?: string): Promise<RawAnswer> {
  const lost: RawAnswer = { outcome: 'operation_timeout', status: null, answer: null, noRetry: false };
  const channel = channelIn(delivery.body);
  const fault = takeFault(world, `app:${delivery.kind}`, channel);
  if (fault?.kind === 'slow') await later(world, fault.delayMs ?? 1000);
  if (fault?.kind === 'drop_before') return { ...lost, outcome: 'connection_failed' };
  if (fault?.kind === 'hang') return lost;
  let raw: RawAnswer;
  if (delivery.transport === 'socket') raw = await overSocket(world, delivery, reason);
  else if (world.state.requestUrl !== null) raw = await post(world, world.state.requestUrl, delivery, reason);
  else raw = { ...lost, outcome: 'no_app' };
  return fault?.kind === 'drop_after' ? lost : raw;
}

function channelIn(body: JsonObject): string | undefined {
  if (typeof body.channel_id === 'string') return body.channel_id;
  const holder = (body.channel ?? body.event) as { id?: string; channel?: string } | undefined;
  return holder?.id ?? (typeof holder?.channel === 'string' ? holder.channel : undefined);
}

/** The sentence that Slack's client shows if an acknowledgement is missing or invalid. */
function shownFor(delivery: Delivery, raw: RawAnswer): string | null {
  if (raw.outcome === 'ok') return null;
  if (delivery.kind === 'command') {
    const error = raw.outcome === 'operation_timeout' ? 'operation_timeout' : 'dispatch_failed';
    return `${String(delivery.body.command)} failed with the error "${error}"`;
  }
  if (delivery.kind === 'event' || delivery.kind === 'view_closed') return null;
  if (delivery.kind === 'view_submission') return 'We had some trouble connecting. Try again?';
  return 'Sorry, this app is not responding. Try again in a bit.';
}

/** Sends one thing and waits three seconds for its acknowledgement, as Slack does. Never rejects. */
export async function deliver(
  world: World,
  kind: DeliveryKind,
  body: JsonObject,
  retry: { num: number; reason?: string } = { num: 0 },
): Promise<ActionResult & { noRetry: boolean }> {
  const socket = world.sockets.count() > 0;
  const delivery: Delivery = {
    id: newId(world, 'Dl'),
    kind,
    transport: socket ? 'socket' : world.state.requestUrl === null ? 'none' : 'http',
    at: Date.now(),
    body,
    retryNum: retry.num,
  };
  log(world, world.state.deliveries, delivery);
  const started = performance.now();
  const raw = await transmit(world, delivery, retry.reason);
  const result: DeliveryResult = {
    outcome: raw.outcome,
    status: raw.status,
    latencyMs: performance.now() - started,
    answer: raw.answer,
    shown: shownFor(delivery, raw),
  };
  delivery.result = result;
  emit(world, { type: 'delivery', id: delivery.id });
  return { ...result, deliveryId: delivery.id, noRetry: raw.noRetry };
}
