import { sql } from 'kysely';
import type { Step } from './step.ts';

/** The codes of our own that were stored in calls.submit_code until this step. */
const ownCodes = [
  ...['per_callee', 'calls_per_hour', 'rule_limit'],
  ...['denied', 'country', 'display_num', 'callees_per_request'],
  ...['settled_rang', 'settled_silent'],
  ...['timeout', 'connection_lost', 'http_status', 'not_json', 'no_code', 'platform_code', 'too_large'],
  ...['no_rows', 'interrupted'],
  ...['dns', 'connect_refused', 'connect_timeout', 'tls', 'connect_failed', 'stopped'],
];

/**
 * Splits columns that had two meanings: submit_code and cause, submit_reason and held_until, sender and lane. Moves
 * the time of a resend from the task table into the submission.
 */
export const resendLaneCause: Step = async (tx, dialect) => {
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  await tx.schema.alterTable('calls').addColumn('cause', text).execute();
  await tx.schema.alterTable('calls').addColumn('held_until', 'bigint').execute();
  await tx.schema.alterTable('submissions').addColumn('lane', 'bigint').execute();
  await tx.schema.alterTable('submissions').addColumn('resend_at', 'bigint').execute();

  const isTime =
    dialect === 'postgres' ? sql`submit_reason ~ '^[0-9]{1,15}$'` : sql`submit_reason not glob '*[^0-9]*'`;
  await sql`update calls set held_until = cast(submit_reason as bigint), submit_reason = null
    where state = 'held' and submit_code in ('per_callee', 'calls_per_hour', 'rule_limit')
      and submit_reason <> '' and ${isTime}`.execute(tx);
  await sql`update calls set cause = submit_code, submit_code = null
    where submit_code in (${sql.join(ownCodes.map((code) => sql.lit(code)))})`.execute(tx);

  // The format is "lane:run:instance". "restored:" was written after a restored backup and has no lane.
  const lane =
    dialect === 'postgres'
      ? sql`case when sender ~ '^[0-9]{1,9}:' then cast(split_part(sender, ':', 1) as bigint) end`
      : sql`case when sender glob '[0-9]*:*' then cast(substr(sender, 1, instr(sender, ':') - 1) as integer) end`;
  await sql`update submissions set lane = ${lane} where state = 'sending'`.execute(tx);

  await sql`update submissions
    set resend_at = (select run_at from tasks where tasks.kind = 'again' and tasks.key = submissions.id)
    where again_of is null and id in (select key from tasks where kind = 'again')`.execute(tx);
  await sql`create index submissions_resend on submissions (request_id) where resend_at is not null`.execute(
    tx,
  );
  await sql`update tasks set kind = 'resend', payload = 'null' where kind = 'again'`.execute(tx);
};
