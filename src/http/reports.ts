import { createHash, timingSafeEqual } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CallsDeps } from '../calls/request/deps.ts';
import { storeReports } from '../calls/results/reports.ts';
import { parseJson } from '../voice/json.ts';
import { elementsOf, parseReports } from '../voice/reports.ts';
import { answer, answerUnread, type Handler, readBody } from './server.ts';

const bodyLimit = 1024 * 1024;
export const reportsPath = '/voice/reports/';

/** True if the path ends in the token. Compares in constant time. */
export function isReportsPath(path: string, token: string | undefined): boolean {
  if (token === undefined || !path.startsWith(reportsPath)) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(path.slice(reportsPath.length)), digest(token));
}

/**
 * How many elements are read and stored at once. Other work runs in between, because a body can have eighty thousand.
 */
const atOnce = 200;

/**
 * Accepts reports: one object, {"array": […]} or a bare array. Answers 200 once all are stored, so that the platform
 * may forget them, also if the list is empty; 400 if nothing in the body is a report; 413 above 1 MiB.
 */
export function createReportsHandler(deps: CallsDeps): Handler {
  return async (request, response) => {
    const body = await readBody(request, bodyLimit);
    if (body === 'too large' || body === 'busy')
      return answerUnread(response, body, { status: '-1', reason: `body ${body}` });
    const elements = elementsIn(body.toString());
    let stored = 0;
    for (let start = 0; start < elements.length; start += atOnce) {
      if (start > 0) await nextTurn();
      const { reports } = parseReports(elements.slice(start, start + atOnce));
      if (reports.length > 0) await storeReports(deps, reports);
      stored += reports.length;
    }
    const setAside = elements.length - stored;
    if (setAside > 0) deps.log.warn({ setAside }, 'elements that are not reports were ignored');
    if (setAside > 0 && stored === 0)
      return answer(response, 400, { status: '-1', reason: 'it contains no report' });
    answer(response, 200, { status: '0', reason: 'success' });
  };
}

/** A body that is not JSON is one element, which is no report. */
function elementsIn(body: string): unknown[] {
  try {
    return elementsOf(parseJson(body));
  } catch (error) {
    if (error instanceof SyntaxError) return [body];
    throw error;
  }
}
