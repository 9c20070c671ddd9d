import { type ColumnDataType, type RawBuilder, sql } from 'kysely';
import type { MigrationTx, Step } from './step.ts';

// The tables of the first version. A released step never changes: a change of the tables is a step of its own.

type Column = 'text' | 'text?' | 'int' | 'int?';
interface TableDefinition {
  columns: Record<string, Column>;
  primaryKey: string[];
  unique?: string[][];
  indexes?: string[][];
}

function table(
  columns: Record<string, Column>,
  primaryKey: string[],
  others: { unique?: string[][]; indexes?: string[][] } = {},
): TableDefinition {
  return { columns, primaryKey, ...others };
}

const tables: Record<string, TableDefinition> = {
  requests: table(
    {
      id: 'text',
      team_id: 'text',
      origin: 'text',
      state: 'text',
      requested_by: 'text?',
      rule_name: 'text?',
      alert_id: 'text?',
      alert_title: 'text?',
      previous_id: 'text?',
      root_view_id: 'text?',
      channel_id: 'text',
      asked_in: 'text?',
      thread_ts: 'text?',
      message: 'text',
      options: 'text',
      note: 'text',
      callees: 'int',
      duplicates: 'int',
      countries: 'text',
      hash: 'text',
      approval: 'text?',
      expires_at: 'int?',
      on_unknown: 'text',
      priority: 'int',
      cancelled_by: 'text?',
      acked_by: 'text?',
      outcome: 'text?',
      created_at: 'int',
      changed_at: 'int',
      finished_at: 'int?',
      erased_at: 'int?',
    },
    ['id'],
    {
      unique: [['root_view_id']],
      indexes: [['state', 'created_at'], ['requested_by', 'created_at'], ['created_at'], ['alert_id']],
    },
  ),
  submissions: table(
    {
      id: 'text',
      request_id: 'text',
      ordinal: 'int',
      priority: 'int',
      state: 'text',
      token: 'text',
      callees: 'int',
      again_of: 'text?',
      code: 'text?',
      reason: 'text?',
      ready_at: 'int',
      next_try_at: 'int',
      first_try_at: 'int?',
      tries: 'int',
      sending_at: 'int?',
      sender: 'text?',
      answered_at: 'int?',
      checked_at: 'int?',
      settled_by: 'text?',
      settled_at: 'int?',
    },
    ['id'],
    {
      unique: [['token']],
      indexes: [
        ['state', 'priority', 'ready_at'],
        ['request_id', 'ordinal'],
      ],
    },
  ),
  calls: table(
    {
      request_id: 'text',
      position: 'int',
      submission_id: 'text?',
      callee: 'text',
      name: 'text?',
      state: 'text',
      superseded: 'int',
      voice_id: 'text?',
      submit_code: 'text?',
      submit_reason: 'text?',
      dialled_at: 'int?',
      termination_code: 'text?',
      termination_reason: 'text?',
      sip_code: 'text?',
      call_status: 'text?',
      answer_time_at: 'int?',
      hangup_time_at: 'int?',
      call_duration: 'int?',
      feedback_value: 'text?',
      out_recall_count: 'int?',
      reported_at: 'int?',
    },
    ['request_id', 'position'],
    {
      unique: [['submission_id', 'callee']],
      indexes: [
        ['request_id', 'superseded', 'state'],
        ['voice_id'],
        ['callee', 'dialled_at'],
        ['dialled_at'],
      ],
    },
  ),
  reports: table(
    {
      id: 'text',
      digest: 'text',
      voice_id: 'text',
      token: 'text?',
      callee: 'text?',
      body: 'text',
      received_at: 'int',
      applied_at: 'int?',
    },
    ['id'],
    { unique: [['digest']], indexes: [['voice_id'], ['token'], ['applied_at', 'id'], ['received_at']] },
  ),
  tasks: table(
    {
      kind: 'text',
      key: 'text',
      payload: 'text',
      run_at: 'int',
      next_run_at: 'int?',
      priority: 'int',
      revision: 'int',
      attempts: 'int',
      lease_owner: 'text?',
      lease_until: 'int?',
      last_error: 'text?',
      created_at: 'int',
    },
    ['kind', 'key'],
    {
      indexes: [
        ['run_at', 'priority'],
        ['kind', 'priority', 'run_at'],
      ],
    },
  ),
  messages: table(
    {
      id: 'text',
      request_id: 'text?',
      kind: 'text',
      slot: 'text?',
      channel_id: 'text',
      parent_id: 'text?',
      thread_ts: 'text?',
      user_id: 'text?',
      body: 'text?',
      state: 'text',
      sequence: 'int',
      ts: 'text?',
      shown: 'text?',
      tries: 'int',
      tried_at: 'int?',
      posted_at: 'int?',
      created_at: 'int',
    },
    ['id'],
    {
      unique: [['slot']],
      indexes: [['state', 'channel_id', 'sequence'], ['request_id'], ['parent_id'], ['channel_id', 'ts']],
    },
  ),
  decisions: table(
    { request_id: 'text', user_id: 'text', decision: 'text', reason: 'text?', hash: 'text', at: 'int' },
    ['request_id', 'user_id'],
  ),
  events: table(
    { id: 'text', request_id: 'text', at: 'int', actor: 'text', action: 'text', detail: 'text' },
    ['id'],
    { indexes: [['request_id', 'at'], ['at']] },
  ),
  drafts: table(
    { id: 'text', root_view_id: 'text', team_id: 'text', user_id: 'text', data: 'text', created_at: 'int' },
    ['id'],
    { indexes: [['root_view_id'], ['created_at']] },
  ),
  alert_events: table(
    {
      event_id: 'text',
      team_id: 'text',
      channel_id: 'text',
      body: 'text',
      received_at: 'int',
      processed_at: 'int?',
    },
    ['event_id'],
    { indexes: [['processed_at', 'received_at'], ['received_at']] },
  ),
  alerts: table(
    {
      id: 'text',
      key: 'text',
      channel_id: 'text',
      bot_id: 'text',
      identity: 'text',
      status: 'text',
      severity: 'text?',
      title: 'text',
      link: 'text?',
      thread_ts: 'text',
      last_ts: 'text',
      first_at: 'int',
      episode_at: 'int',
      last_at: 'int',
      acked_by: 'text?',
      acked_at: 'int?',
    },
    ['id'],
    { unique: [['channel_id', 'key']], indexes: [['channel_id', 'status', 'last_at'], ['last_at']] },
  ),
  alert_messages: table(
    { channel_id: 'text', ts: 'text', alert_id: 'text', status: 'text', edited: 'int', edited_ts: 'text?' },
    ['channel_id', 'ts'],
    { indexes: [['alert_id']] },
  ),
  rule_rings: table(
    { rule_name: 'text', alert_id: 'text', rang_at: 'int', request_id: 'text?' },
    ['rule_name', 'alert_id'],
    { indexes: [['rang_at']] },
  ),
  rule_matches: table({ rule_name: 'text', matched_at: 'int' }, ['rule_name']),
  pacing: table({ name: 'text', next_at: 'int' }, ['name']),
};

const defaults: Record<string, number> = { 'calls.superseded': 0 };

export const firstTables: Step = async (tx, dialect) => {
  // Compared byte by byte on both databases, whatever PostgreSQL's locale is.
  const text = dialect === 'postgres' ? sql`text collate "C"` : sql`text`;
  for (const [name, definition] of Object.entries(tables)) {
    await createTable(tx, name, definition, text);
  }
};

async function createTable(
  tx: MigrationTx,
  name: string,
  definition: TableDefinition,
  text: RawBuilder<unknown>,
): Promise<void> {
  let create = tx.schema.createTable(name);
  for (const [column, kind] of Object.entries(definition.columns)) {
    const type: ColumnDataType | RawBuilder<unknown> = kind.startsWith('text') ? text : 'bigint';
    create = create.addColumn(column, type, (build) => {
      const fallback = defaults[`${name}.${column}`];
      const built = fallback === undefined ? build : build.defaultTo(fallback);
      return kind.endsWith('?') ? built : built.notNull();
    });
  }
  await create.addPrimaryKeyConstraint(`${name}_pk`, definition.primaryKey as never[]).execute();
  for (const columns of definition.unique ?? []) {
    await tx.schema
      .createIndex(`${name}_${columns.join('_')}_unique`)
      .on(name)
      .columns(columns)
      .unique()
      .execute();
  }
  for (const columns of definition.indexes ?? []) {
    await tx.schema
      .createIndex(`${name}_${columns.join('_')}`)
      .on(name)
      .columns(columns)
      .execute();
  }
}
