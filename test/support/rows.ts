// Complete table rows, for tests that need data in the database. Every column that a test does not set has a plain
// value here, so that a new column needs one line in one place.
import type { Insertable } from 'kysely';
import type { CallsTable, RequestsTable, SubmissionsTable } from '../../src/store/schema.ts';
import { toJson } from '../../src/store/values.ts';

/** A finished request of a person. */
export function requestRow(
  given: Partial<Insertable<RequestsTable>> & { id: string },
): Insertable<RequestsTable> {
  const at = Number(given.created_at ?? 1);
  return {
    ...{
      team_id: 'T1',
      origin: 'person',
      state: 'done',
      requested_by: 'U1',
      rule_name: null,
      alert_id: null,
    },
    ...{ alert_title: null, previous_id: null, root_view_id: null, channel_id: 'C1', asked_in: null },
    ...{ thread_ts: null, audio: toJson({ kind: 'recording', fileId: 'f.mp3', name: null }) },
    ...{ options: toJson({}), note: '', callees: 1, duplicates: 0, countries: toJson([]), hash: 'h' },
    ...{ approval: null, expires_at: null, on_unknown: 'hold', priority: 5, cancelled_by: null },
    ...{ acked_by: null, outcome: null, created_at: at, changed_at: at, finished_at: at, erased_at: null },
    ...given,
  };
}

/** A submission that the platform accepted. Its token is its id. */
export function submissionRow(
  given: Partial<Insertable<SubmissionsTable>> & { id: string; request_id: string },
): Insertable<SubmissionsTable> {
  const at = Number(given.ready_at ?? 1);
  return {
    ...{
      ordinal: 1,
      priority: 5,
      state: 'accepted',
      token: given.id,
      callees: 1,
      again_of: null,
      code: null,
    },
    ...{ reason: null, ready_at: at, next_try_at: at, first_try_at: null, tries: 0, sending_at: null },
    ...{
      sender: null,
      lane: null,
      resend_at: null,
      answered_at: null,
      checked_at: null,
      settled_by: null,
      settled_at: null,
    },
    ...given,
  };
}

/** A call that the platform accepted. */
export function callRow(
  given: Partial<Insertable<CallsTable>> & { request_id: string; position: number; callee: string },
): Insertable<CallsTable> {
  return { submission_id: null, name: null, state: 'accepted', submit_code: '0', ...given };
}
