import { newId } from '../../ids.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { readDetail } from './stored.ts';

/** What the audit trail says was done. `slack/words/event-line.ts` has the words that people read. */
export type AuditAction =
  | 'asked'
  | 'asked for an approval'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'made approvals void'
  | 'the time has come'
  | 'not started'
  | 'sent'
  | 'unknown'
  | 'sent again'
  | 'settled: it rang'
  | 'settled: it did not ring'
  | 'gave up waiting for reports'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'stopped'
  | 'resolved'
  | 'acknowledged'
  | 'called again'
  | 'found other people on duty'
  | `step ${number} started`
  | `stopped calling: ${string}`
  | 'restored from a backup'
  | 'press refused';

export interface AuditEvent {
  at: number;
  /** A Slack user id, "rule:<name>" or "voicecall". */
  actor: string;
  /** An `AuditAction`, perhaps of an older version. */
  action: string;
  detail: Record<string, unknown>;
}

let counter = 0;

/** Adds a line to the request's audit trail, in the transaction of the change. No line is ever changed or deleted. */
export async function audit(
  tx: Tx,
  requestId: string,
  event: { at: number; actor: string; action: AuditAction; detail?: Record<string, unknown> },
): Promise<void> {
  counter = (counter + 1) % 10_000;
  await tx
    .insertInto('audit')
    .values({
      // Sorts by time, and by order within one millisecond of one process.
      id: newId(`${String(event.at).padStart(14, '0')}-${String(counter).padStart(4, '0')}-`),
      request_id: requestId,
      at: event.at,
      actor: event.actor,
      action: event.action,
      detail: toJson(event.detail ?? {}),
    })
    .execute();
}

/** Adds a press that changed nothing: who pressed what ("approve", "cancel", …), and why it was refused. */
export async function auditRefused(
  tx: Tx,
  requestId: string,
  press: { at: number; actor: string; pressed: string; why: string },
): Promise<void> {
  const { at, actor, pressed, why } = press;
  await audit(tx, requestId, { at, actor, action: 'press refused', detail: { pressed, why } });
}

/** The request's audit trail, oldest first. */
export async function readAudit(from: Queryable, requestId: string): Promise<AuditEvent[]> {
  const rows = await from
    .selectFrom('audit')
    .select(['at', 'actor', 'action', 'detail'])
    .where('request_id', '=', requestId)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, detail: readDetail(row.detail) }));
}
