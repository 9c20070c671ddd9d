import { z } from 'zod';
import { checkAccount, dialFields, parseCallees } from './fields.ts';
import { dial } from './phones.ts';
import { parseBody } from './refusal.ts';
import { refusedRows } from './send-group.ts';
import type { Checked, EndpointHandler, LoggedRequest, World } from './types.ts';

/** POST sendCode: calls one number and speaks a text. The answer's `data` is the voiceId itself. */
export const sendCode: EndpointHandler = { method: 'POST', check };

function check(world: World, request: LoggedRequest, given: unknown): Checked {
  const schema = z.strictObject({
    ...dialFields(world.limits),
    text: z.string().min(1).max(world.limits.textLength),
    language: z.string().refine((code) => world.limits.languages.includes(code), 'not a known language code'),
    accent: z
      .string()
      .regex(/^[1-9][0-9]{0,3}$/)
      .optional(),
    ssmlGender: z.int().min(1).max(2).optional(),
    speakingRate: z.number().min(0.25).max(4).optional(),
    recallCount: z.int().min(0).max(9).optional(),
    recallInterval: z.int().min(0).max(999).optional(),
  });
  const body = parseBody(schema, given);
  const callees = parseCallees(body.callee, 1);
  checkAccount(world, body.appId);

  return {
    callees,
    act: (fault) => {
      const refusal = refusedRows(world, callees, fault).get(body.callee);
      if (refusal) return { ...refusal, data: null };
      const call = dial(world, request, { ...body, endpoint: 'sendCode', report: fault.report ?? {} });
      const answer = { code: '0', reason: 'success', calls: [call] };
      if (fault.missingRows) return answer;
      return { ...answer, data: fault.voiceIds === 'null-all' ? null : call.voiceId };
    },
  };
}
