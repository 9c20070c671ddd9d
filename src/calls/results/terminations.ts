import type { CallRecord } from '../../voice/types.ts';
import type { TerminationKind } from '../request/types.ts';

export interface Termination {
  answered: boolean;
  kind: TerminationKind;
}

/** The fields that decide how a call ended; reports and stored calls have them. */
export type TerminationFacts = Pick<
  CallRecord,
  'callStatus' | 'answerTimeAt' | 'callDuration' | 'terminationCode' | 'sipCode' | 'feedbackValue'
>;

// The platform publishes no table. These are the codes of the SIP standard
// (https://www.rfc-editor.org/rfc/rfc3261#section-21; 607: https://www.rfc-editor.org/rfc/rfc8197).
const sipKinds: Record<string, TerminationKind> = {
  ...{ '403': 'rejected', '603': 'rejected', '607': 'rejected' },
  ...{ '404': 'invalid_number', '410': 'invalid_number', '484': 'invalid_number', '604': 'invalid_number' },
  ...{ '486': 'busy', '600': 'busy' },
  // 408 and 480 may also mean out of reach; in both cases nobody answered.
  ...{ '408': 'no_answer', '480': 'no_answer', '487': 'no_answer' },
  ...{ '488': 'unreachable', '500': 'unreachable', '502': 'unreachable', '503': 'unreachable' },
  '504': 'unreachable',
};

/**
 * Whether a finished call was answered, and how it ended if not. The platform uses `terminationCode` with two
 * meanings, so the order of the rules matters: callStatus; then a real answer time with a duration; then 200 as SIP
 * code. "0" alone never means answered.
 */
export function judgeTermination(facts: TerminationFacts): Termination {
  const { callStatus } = facts;
  if (callStatus === '50') return { answered: true, kind: 'answered' };
  if (callStatus === '40') return { answered: false, kind: 'voicemail' };
  if (callStatus === '10') return { answered: false, kind: 'busy' };
  if (callStatus === '20') return { answered: false, kind: 'no_answer' };
  if (callStatus !== null && callStatus !== '') return { answered: false, kind: sipKind(facts) };
  if (facts.answerTimeAt !== null && facts.callDuration !== null && facts.callDuration > 0) {
    return { answered: true, kind: 'answered' };
  }
  if (facts.sipCode === '200' || facts.terminationCode === '200') return { answered: true, kind: 'answered' };
  return { answered: false, kind: sipKind(facts) };
}

function sipKind(facts: TerminationFacts): TerminationKind {
  for (const code of [facts.sipCode, facts.terminationCode]) {
    const kind = code !== null && Object.hasOwn(sipKinds, code) ? sipKinds[code] : undefined;
    if (kind) return kind;
  }
  return 'other';
}

/**
 * True if a record contains a call's end. A polled call may still be queued or ringing: then it has no hang-up time,
 * and no code, or "0", which also means "accepted", or a code 1xx, which is SIP for "in progress".
 */
export function isFinal(record: Pick<CallRecord, 'hangupTimeAt' | 'terminationCode'>): boolean {
  if (record.hangupTimeAt !== null) return true;
  const code = record.terminationCode;
  return code !== null && code !== '' && code !== '0' && !/^1\d\d$/.test(code);
}

/**
 * Which of two reports of one voiceId counts: above 0 for `a`, below 0 for `b`, 0 only if both say the same. A total
 * order, so that any number of reports in any order give the same result. First the one with an end, then the later
 * redial, the later hang-up, the fuller report, and last an arbitrary order.
 */
export function compareReports(a: CallRecord, b: CallRecord): number {
  return (
    Number(isFinal(a)) - Number(isFinal(b)) ||
    a.outRecallCount - b.outRecallCount ||
    compareNumbers(a.hangupTimeAt, b.hangupTimeAt) ||
    fullness(a) - fullness(b) ||
    compareTexts(canonical({ ...a, raw: null }), canonical({ ...b, raw: null })) ||
    compareTexts(canonical(a.raw), canonical(b.raw))
  );
}

/** The report that counts among those of one voiceId. Null if there is none. */
export function winningReport(reports: readonly CallRecord[]): CallRecord | null {
  return reports.reduce<CallRecord | null>(
    (best, each) => (best === null || compareReports(each, best) > 0 ? each : best),
    null,
  );
}

function compareNumbers(a: number | null, b: number | null): number {
  return (a ?? -1) - (b ?? -1);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function fullness(record: CallRecord): number {
  return Object.values(record).filter((value) => value !== null).length;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => compareTexts(a, b));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join()}}`;
}
