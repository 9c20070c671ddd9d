import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Fault } from './faults.ts';
import { checkAccount, dialFields, parseCallees } from './fields.ts';
import { dial, nextVoiceId, planFor } from './phones.ts';
import { parseBody, Refusal } from './refusal.ts';
import type { Call, Checked, EndpointHandler, LoggedRequest, World } from './types.ts';

interface Row {
  voiceId?: string | null;
  callee: string;
  terminationCode: string;
  terminationReason: string;
}

/** POST sendGroup: calls up to 200 numbers with one recording. */
export const sendGroup: EndpointHandler = { method: 'POST', check };

function check(world: World, request: LoggedRequest, given: unknown): Checked {
  const schema = z.strictObject({ ...dialFields(world.limits), fileId: z.string().min(1) });
  const body = parseBody(schema, given);
  const callees = parseCallees(body.callee, world.limits.callees);
  checkAccount(world, body.appId);
  if (!world.recordings.some((recording) => recording.fileId === body.fileId)) {
    throw new Refusal(world.behaviour.unknownFileCode, 'fileId is not known');
  }

  return {
    callees,
    act: (fault) => {
      const refused = refusedRows(world, callees, fault);
      const calls: Call[] = [];
      const rows = callees.map((callee): Row => {
        const refusal = refused.get(callee);
        if (refusal) {
          return {
            ...(fault.voiceIds === 'absent'
              ? {}
              : { voiceId: fault.voiceIds === 'given' ? nextVoiceId(world) : null }),
            callee,
            terminationCode: refusal.code,
            terminationReason: refusal.reason,
          };
        }
        const call = dial(world, request, {
          ...body,
          callee,
          endpoint: 'sendGroup',
          report: fault.report ?? {},
        });
        calls.push(call);
        return {
          voiceId: fault.voiceIds === 'null-all' ? null : call.voiceId,
          callee,
          terminationCode: '0',
          terminationReason: 'success',
        };
      });
      return { code: '0', reason: 'success', data: distort(world, rows, fault), calls };
    },
  };
}

/** The refused numbers and their codes: those of the fault, and phones with the plan `refuse`. */
export function refusedRows(
  world: World,
  callees: string[],
  fault: Fault,
): Map<string, { code: string; reason: string }> {
  const refused = new Map<string, { code: string; reason: string }>();
  for (const callee of callees) {
    const plan = planFor(world, callee);
    if (typeof plan === 'object' && 'refuse' in plan) {
      refused.set(callee, {
        code: plan.refuse.code,
        reason: plan.refuse.reason ?? reasonOf(plan.refuse.code),
      });
    }
  }
  if (fault.refuseRows) {
    const { code, reason, count, callees: named } = fault.refuseRows;
    for (const callee of named ?? callees.slice(-(count ?? 1))) {
      refused.set(callee, { code, reason: reason ?? reasonOf(code) });
    }
  }
  return refused;
}

function distort(world: World, rows: Row[], fault: Fault): Row[] {
  let result = rows;
  const missing = fault.missingRows;
  if (typeof missing === 'number') result = result.slice(missing);
  if (Array.isArray(missing)) result = result.filter((row) => !missing.includes(row.callee));
  if (fault.foreignRow) {
    const voiceId = nextVoiceId(world);
    result = [
      ...result,
      { voiceId, callee: '10000000000', terminationCode: '0', terminationReason: 'success' },
    ];
  }
  return fault.shuffleRows ? shuffled(result) : result;
}

/** The same order in every run, and never the order of the request (with two or more rows). */
function shuffled(rows: Row[]): Row[] {
  const key = (row: Row) => createHash('md5').update(row.callee).digest('hex');
  const sorted = rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return sorted.every((row, index) => row === rows[index]) ? sorted.toReversed() : sorted;
}

const REASONS: Record<string, string> = {
  '-1': 'auth failed',
  '-2': 'ip not allowed',
  '-9': 'number not acceptable',
  '-10': 'balance insufficient',
  '-12': 'platform failure, contact admin',
  '-15': 'Frequent Queries',
  '-16': 'timestamp expires',
  '-18': 'port program error',
  '-22': 'parameter error',
  '-26': 'rate lookup failed',
};

/** The text for a code. The platform publishes few of them. */
export function reasonOf(code: string): string {
  return REASONS[code] ?? 'failed';
}
