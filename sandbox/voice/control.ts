import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody, sendJson } from './exchange.ts';
import { type Faults, faultSchema } from './faults.ts';
import { act } from './phones.ts';
import { reportSchema } from './report-behaviour.ts';
import type { Behaviour, World } from './types.ts';

const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?$/;

const phoneSchema = z.strictObject({
  voiceId: z.string(),
  action: z.enum(['answer', 'decline', 'ignore', 'busy', 'hangup', 'key']),
  seconds: z.number().optional(),
  key: z.string().optional(),
});

const planSchema = z.union([
  z.enum(['busy', 'no-answer', 'rejected', 'not-valid', 'voicemail', 'failed', 'wait']),
  z.strictObject({
    answer: z.strictObject({
      afterMs: z.int().min(0).optional(),
      seconds: z.number().min(1).optional(),
      key: z.string().optional(),
    }),
  }),
  z.strictObject({ refuse: z.strictObject({ code: z.string(), reason: z.string().optional() }) }),
]);

const ms = z.int().min(0);
const behaviourSchema = z
  .strictObject({
    queueMs: ms,
    ringAfterMs: ms,
    outcomeAfterMs: ms,
    autoAnswerMs: ms.nullable(),
    autoKey: z.string().nullable(),
    talkSeconds: z.number().min(1),
    secondMs: ms,
    phones: z.record(z.string(), planSchema),
    recordVisibleAfterMs: ms,
    recordsFrom: z.enum(['submission', 'termination']),
    recordOrder: z.enum(['newest-first', 'oldest-first']),
    unknownRecord: z.enum(['null', '-14', '-22', '-24']),
    unknownFileCode: z.enum(['-22', '-14']),
    queryIntervalMs: ms,
    clockOffsetMs: z.int(),
    balance: z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/),
    report: reportSchema,
  })
  .partial();

/** Behaviour from a test or another process. Throws ZodError if it is invalid. */
export function parseBehaviour(given: unknown): Partial<Behaviour> {
  const parsed = behaviourSchema.parse(given);
  return Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined));
}

export interface Control {
  faults: Faults;
  setBehaviour: (behaviour: Partial<Behaviour>) => void;
  setReportUrl: (url: string | null) => void;
}

/**
 * The control API under /control, for other processes of this machine: GET state; POST fault (a fault, or
 * {"clear":true}), phone, behaviour, report-url. Answers 400 with the reason for an invalid request.
 */
export function createControl(world: World, control: Control) {
  const actions: Record<string, (body: unknown) => unknown> = {
    'GET /control/state': () => ({
      calls: world.calls,
      requests: world.requests.length,
      requestLog: world.requests,
      reports: world.reports,
      recordings: world.recordings,
      violations: world.violations,
      faults: control.faults.pending(),
      behaviour: world.behaviour,
      reportUrl: world.reportUrl,
    }),
    'POST /control/fault': (body) => {
      if (z.strictObject({ clear: z.literal(true) }).safeParse(body).success) control.faults.clear();
      else control.faults.next(faultSchema.parse(body));
    },
    'POST /control/phone': (body) => {
      const { voiceId, action, ...how } = phoneSchema.parse(body);
      act(world, voiceId, action, how);
    },
    'POST /control/behaviour': (body) => control.setBehaviour(parseBehaviour(body)),
    'POST /control/report-url': (body) =>
      control.setReportUrl(z.strictObject({ url: z.string().nullable() }).parse(body).url),
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // The Host header is checked too, so that no web page gets here through its own domain name.
    const isLocal = LOOPBACK.includes(request.socket.remoteAddress ?? '');
    if (!isLocal || !LOOPBACK_HOST.test(request.headers.host ?? '')) {
      sendJson(world, response, 403, { error: 'only for this machine' });
      return;
    }
    const action = actions[`${request.method} ${request.url}`];
    if (!action) {
      sendJson(world, response, 404, { error: 'there is no such control' });
      return;
    }
    try {
      const text = (await readBody(request, 1024 * 1024)).toString('utf8');
      const result = action(text === '' ? undefined : JSON.parse(text));
      sendJson(world, response, 200, result ?? { ok: true });
    } catch (error) {
      sendJson(world, response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}
