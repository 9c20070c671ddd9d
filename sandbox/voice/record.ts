import { z } from 'zod';
import { page, pageFields } from './file-query.ts';
import { platformTime } from './phones.ts';
import { parseBody, Refusal } from './refusal.ts';
import { terminationFields } from './reports.ts';
import type { Call, Checked, EndpointHandler, LoggedRequest, World } from './types.ts';

const DAY_MS = 86_400_000;
/**
 * Samples have an offset of +08:00 and whole seconds. "Z" is refused, because nobody knows whether the platform
 * understands it.
 */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}$/;

/** GET recordGroup/{voiceId}: one call's record. */
export const recordGroup: EndpointHandler = {
  method: 'GET',
  check: (world, _request, _body, voiceId) => {
    if (!/^[0-9]{1,32}$/.test(voiceId))
      throw new Refusal('-22', `voiceId: "${voiceId}" is no record id`, true);
    return {
      callees: [],
      act: () => {
        const call = world.callsById.get(voiceId);
        if (call && isVisible(world, call))
          return { code: '0', reason: 'success', data: record(world, call) };
        const { unknownRecord } = world.behaviour;
        if (unknownRecord === 'null') return { code: '0', reason: 'success', data: null };
        return { code: unknownRecord, reason: 'data does not exist' };
      },
    };
  },
};

/** POST recordGroupQuery: the records of a window of submission times, both ends included. */
export const recordGroupQuery: EndpointHandler = { method: 'POST', check: checkQuery };

function checkQuery(world: World, _request: LoggedRequest, given: unknown): Checked {
  const time = z.string().regex(TIME, 'ISO 8601 with whole seconds and an offset in digits');
  const params = z.strictObject({ strTime: time, endTime: time });
  const body = parseBody(z.strictObject({ ...pageFields, params }), given);
  const fromAt = Date.parse(body.params.strTime);
  const toAt = Date.parse(body.params.endTime);
  if (Number.isNaN(fromAt) || Number.isNaN(toAt)) throw new Refusal('-22', 'params: no such time', true);
  if (toAt <= fromAt) throw new Refusal('-22', 'params: endTime is not after strTime', true);
  if (toAt - fromAt > 31 * DAY_MS) throw new Refusal('-25', 'params: more than 31 days', true);
  if (fromAt < world.now() - 62 * DAY_MS) throw new Refusal('-25', 'params: more than two months ago', true);

  const lastAt = world.lastQueryAt;
  world.lastQueryAt = world.now();
  if (lastAt !== null && world.now() - lastAt < world.behaviour.queryIntervalMs) {
    throw new Refusal('-15', 'Frequent Queries');
  }
  return {
    callees: [],
    act: () => {
      // The window's ends are in whole seconds, so its last second is included whole.
      const found = world.calls.filter(
        (call) => isVisible(world, call) && call.submitTimeAt >= fromAt && call.submitTimeAt < toAt + 1000,
      );
      if (world.behaviour.recordOrder === 'newest-first') found.reverse();
      const data = page(
        found.map((call) => record(world, call)),
        body.current,
        body.size,
      );
      return { code: '0', reason: 'success', data: { ...data, searchCount: true } };
    },
  };
}

function isVisible(world: World, call: Call): boolean {
  const { recordsFrom, recordVisibleAfterMs } = world.behaviour;
  const fromAt = recordsFrom === 'submission' ? call.submitTimeAt : call.hangupTimeAt;
  return fromAt !== null && world.now() >= fromAt + recordVisibleAfterMs;
}

function record(world: World, call: Call): Record<string, unknown> {
  const time = (at: number | null) => (at === null ? null : platformTime(at));
  return {
    voiceId: call.voiceId,
    callee: call.callee,
    displayNum: call.displayNum,
    code: 'Sandbox(X)',
    submitTime: time(call.submitTimeAt),
    callTime: time(call.callTimeAt),
    ringingTime: time(call.ringingTimeAt),
    answerTime: time(call.answerTimeAt),
    hangupTime: time(call.hangupTimeAt),
    ...terminationFields(call, { ...world.behaviour.report, ...call.report }),
    ...(call.fileId === null ? {} : { voiceFileId: call.fileId }),
    calledInfo: call.calledInfo,
  };
}
