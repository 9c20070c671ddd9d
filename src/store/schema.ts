import type { ColumnType, Generated } from 'kysely';
import type { AlertSeverity, AlertStatus, CallOptions } from '../config/types.ts';
import type {
  ApprovalAsk,
  Audio,
  CallCause,
  CallState,
  CountryCount,
  DecisionKind,
  EarlierEnd,
  EndOfReaching,
  Json,
  Ladder,
  OnUnknown,
  Origin,
  Plan,
  PostKind,
  RecordingState,
  RequestPriority,
  RequestState,
  SubmissionState,
  TerminationKind,
} from './values.ts';

// Every time is an integer in ms, every flag 0 or 1, every JSON a text: the same on SQLite and PostgreSQL.

/** Written when the row is made; moved by calls/request/transitions.ts alone, so an update cannot set it. */
type State<Value> = ColumnType<Value, Value, never>;

export interface RequestsTable {
  id: string;
  team_id: string;
  origin: Origin;
  state: State<RequestState>;
  requested_by: string | null;
  rule_name: string | null;
  alert_id: string | null;
  alert_title: string | null;
  /** The request that this one repeats. */
  previous_id: string | null;
  /** One opened modal makes one request: unique. */
  root_view_id: string | null;
  channel_id: string;
  /** Where the person was when asking; null: not in a channel, or no person. */
  asked_in: string | null;
  /** The thread the board is posted in; null: the board is a message of its own. */
  thread_ts: string | null;
  /** The outbox's message in whose thread the board goes, where that one is ours. */
  thread_post: Generated<string | null>;
  message: Json<Audio>;
  options: Json<CallOptions>;
  /** What the person typed into calledInfo. */
  note: string;
  callees: number;
  duplicates: number;
  countries: Json<CountryCount[]>;
  /** Binds an approval to exactly this request. */
  hash: string;
  /** Null: none was needed. */
  approval: Json<ApprovalAsk> | null;
  expires_at: number | null;
  on_unknown: OnUnknown;
  /** 0 goes first. */
  priority: RequestPriority;
  cancelled_by: string | null;
  acked_by: string | null;
  outcome: string | null;
  created_at: number;
  changed_at: number;
  finished_at: number | null;
  erased_at: number | null;
  /** How it goes on until people are reached; null: each callee is called once, and no key confirms. */
  plan: Json<Plan> | null;
  /** The further steps of its rule, as they were when it was asked; null: there are none. */
  ladder: Json<Ladder> | null;
  /** 1 while the plan or the ladder may still call somebody. */
  reaching: Generated<number>;
  /** The step that started last; the first is 1. */
  step: Generated<number>;
  /** When it started; null: nothing was released yet. */
  step_started_at: number | null;
  reach_ended_by: EndOfReaching | null;
  reach_ended_at: number | null;
  /** When the first callee was reached, as the plan counts them. */
  first_reached_at: number | null;
  /** When it is to be called, by the wall clock; null: at once. */
  when_at: Generated<number | null>;
  /** Names of the lists that were asked for, which are read again when it is due; null: none. */
  lists: Generated<Json<string[]> | null>;
}

/** The further steps that a request's ladder has started. */
export interface StepsTable {
  request_id: string;
  step: number;
  started_at: number;
  /** How many it calls. */
  callees: number;
  /** What they hear; null: the same as the request's first callees. */
  message: Json<Audio> | null;
  /** Whom it could not call and why, in words; null: nothing to say. */
  problem: string | null;
}

export interface SubmissionsTable {
  id: string;
  request_id: string;
  ordinal: number;
  priority: RequestPriority;
  state: State<SubmissionState>;
  /** Goes out in calledInfo and comes back in records and reports: unique. */
  token: string;
  callees: number;
  /** The unknown submission that this one repeats. */
  again_of: string | null;
  code: string | null;
  reason: string | null;
  ready_at: number;
  /** Not before this time; pushed on by back-off while nothing leaves this machine. */
  next_try_at: number;
  first_try_at: number | null;
  tries: number;
  sending_at: number | null;
  /** Who won it for sending: one run of a lane of one instance. */
  sender: string | null;
  /** The lane that sends it; null while it is not being sent, and where a restored backup left it as being sent. */
  lane: number | null;
  /** When its unknown calls go out once more (`onUnknown: again`), if they are still unknown; null: not at all. */
  resend_at: number | null;
  answered_at: number | null;
  /** When the platform's records were last read in full without finding this one. */
  checked_at: number | null;
  settled_by: string | null;
  settled_at: number | null;
  /** The step of the request's ladder that its calls belong to. */
  step: Generated<number>;
}

export interface CallsTable {
  request_id: string;
  position: number;
  submission_id: string | null;
  callee: string;
  name: string | null;
  state: State<CallState>;
  /** 1: a later call to the same callee stands for it. Each callee of a request has one call that is not superseded. */
  superseded: Generated<number>;
  /** 1: only a list of the request names this callee. */
  list_only: Generated<number>;
  /** Which call to this callee it is within its step; the first is 1. */
  attempt: Generated<number>;
  step: Generated<number>;
  /** The best that earlier calls to this callee in the request came to; null: there was none, or nothing came of it. */
  earlier: EarlierEnd | null;
  voice_id: string | null;
  /** What the platform answered for this callee, or for the whole submission. */
  submit_code: string | null;
  submit_reason: string | null;
  cause: CallCause | null;
  /** Held by a limit that leaves room again at this time. */
  held_until: number | null;
  /** When its submission was sent: what the limits count. */
  dialled_at: number | null;
  termination_code: string | null;
  termination_reason: string | null;
  sip_code: string | null;
  call_status: string | null;
  answer_time_at: number | null;
  hangup_time_at: number | null;
  call_duration: number | null;
  feedback_value: string | null;
  out_recall_count: number | null;
  reported_at: number | null;
  /** How it ended, by report. */
  ending: TerminationKind | null;
  /** When its end was known first. */
  ended_at: number | null;
  /** When the platform is asked for its record next; null: its end is known, or nothing is waited for any more. */
  ask_at: number | null;
  /** 0: its record was never asked for. 1: it was. 2: there is no voiceId to ask with, only the list of records. */
  asked: Generated<number>;
}

/** Delivery reports as they came; those that fit no call yet wait here. */
export interface ReportsTable {
  id: string;
  /** Hash of what the report says: the same report twice is one row. */
  digest: string;
  voice_id: string;
  token: string | null;
  callee: string | null;
  body: string;
  received_at: number;
  /** When it was matched with the calls; null: not yet. One that fitted none is tried again when an answer tells its voiceId. */
  tried_at: number | null;
  /** When it was applied to its call; null: it fits none so far. */
  applied_at: number | null;
  /** 1: another report of the same voiceId counts, or it contradicts the call: it need not be read again. */
  outdone: Generated<number>;
}

export interface TasksTable {
  kind: string;
  /** At most one task of a kind and key; asking again while it runs makes it run once more. */
  key: string;
  payload: string;
  run_at: number;
  /** The earliest time asked for while a worker holds it; null: not asked for since. */
  next_run_at: number | null;
  priority: number;
  /** Grows with each ask; a worker that finishes an older revision leaves the task in place. */
  revision: number;
  attempts: number;
  lease_owner: string | null;
  lease_until: number | null;
  last_error: string | null;
  created_at: number;
}

/** Everything that goes to Slack and must arrive: posted once, edited in place. */
export interface MessagesTable {
  id: string;
  request_id: string | null;
  kind: PostKind;
  /** Unique where there may only be one, such as "board:<request>". */
  slot: string | null;
  channel_id: string;
  /** The message (id) under which this one goes; it must be posted first. */
  parent_id: string | null;
  thread_ts: string | null;
  user_id: string | null;
  /** JSON: what a Post of its kind holds (outbox/post.ts); null: nothing more, or erased. */
  body: string | null;
  state: string;
  /** Order of posting within a channel. */
  sequence: number;
  ts: string | null;
  /** Hash of what was last shown, so that an edit that changes nothing is not made. */
  shown: string | null;
  /** Tries in a row that failed, to post it or to edit it. */
  tries: number;
  /** When the first try was made of which nobody knows whether it was posted; null: nothing is in doubt. */
  tried_at: number | null;
  /** When the last try to post it was made. */
  last_try_at: Generated<number | null>;
  /** Not tried again before this time (ms). */
  next_try_at: Generated<number>;
  posted_at: number | null;
  created_at: number;
}

export interface DecisionsTable {
  request_id: string;
  user_id: string;
  decision: DecisionKind;
  reason: string | null;
  hash: string;
  at: number;
}

/** The audit trail: only ever added to. */
export interface EventsTable {
  id: string;
  request_id: string;
  at: number;
  actor: string;
  action: string;
  detail: Json<Record<string, unknown>>;
}

/** What somebody filled in, between the first view and the second. */
export interface DraftsTable {
  id: string;
  root_view_id: string;
  team_id: string;
  user_id: string;
  data: string;
  created_at: number;
}

export interface AlertEventsTable {
  event_id: string;
  team_id: string;
  channel_id: string;
  body: string;
  received_at: number;
  processed_at: number | null;
  /** How often it failed. */
  attempts: Generated<number>;
  /** Failed too often: it is tried no more, and kept to be looked at. */
  set_aside_at: number | null;
}

export interface AlertsTable {
  id: string;
  key: string;
  channel_id: string;
  /** The sender that raised it: nobody else changes it, but those named beside it in a rule's `from`. */
  bot_id: string;
  /** Null: none was told, or the row is older than the column. */
  app_id: string | null;
  /** JSON of alerts/identity Identity: finds the alert that a resolve ends where the key alone does not. */
  identity: string;
  status: AlertStatus;
  severity: AlertSeverity | null;
  title: string;
  link: string | null;
  /** JSON [[label, value]] of an alert that was posted to us; null: it stands in Slack itself. */
  details: Generated<string | null>;
  /** The message under which the results go; empty where we post it ourselves. */
  thread_ts: string;
  /** Slack's time of the newest message that changed its status: what is older is older news. */
  last_ts: string;
  first_at: number;
  /** When it began to fire this time: after a resolve or a long silence it is a new time. */
  episode_at: number;
  last_at: number;
  acked_by: string | null;
  acked_at: number | null;
}

export interface AlertMessagesTable {
  channel_id: string;
  ts: string;
  alert_id: string;
  status: AlertStatus;
  /** 1 once an edit of it was seen. */
  edited: number;
  edited_ts: string | null;
}

export interface ChannelReadsTable {
  channel_id: string;
  /** Slack's time up to which the channel's history was read. */
  read_until: string;
}

export interface SilencesTable {
  rule_name: string;
  /** When the tool wrote the last message that the rule waits for. */
  heard_at: number;
  team_id: string;
  channel_id: string;
  /** That message: results go under it. */
  thread_ts: string;
  source: string | null;
  /** The alert that fires while the rule hears nothing. */
  alert_id: string | null;
}

export interface RuleRingsTable {
  rule_name: string;
  alert_id: string;
  rang_at: number;
  /** Null: the rule only said what it would have done. */
  request_id: string | null;
}

export interface RuleMatchesTable {
  rule_name: string;
  matched_at: number;
}

/** Shared clocks for things that may only happen so often, across instances. */
export interface PacingTable {
  name: string;
  next_at: number;
}

/** What Slack last told of somebody whom a rule calls, or of a user group's members. */
export interface LearnedPeopleTable {
  id: string;
  /** JSON {name, phone, standing} or {members}. */
  body: string;
  learned_at: number;
}

/** Recordings that people added in Slack. */
export interface RecordingsTable {
  id: string;
  /** One opened modal adds one: unique. */
  view_id: string;
  name: string;
  state: RecordingState;
  /** The file in Slack that it came from. */
  slack_file: string;
  added_by: string;
  added_at: number;
  /** On the platform, made from its content; null: not checked yet. */
  file_name: string | null;
  /** The platform's id; null: not known yet. */
  file_id: string | null;
  /** Whole seconds; null: not checked yet. */
  seconds: number | null;
  /** When its upload was tried first; null: not yet. */
  tried_at: number | null;
  /** Why it failed, in words; null: it did not. */
  problem: string | null;
  removed_by: string | null;
  removed_at: number | null;
}

/** When a number was last reached by any call. */
export interface LastReachedTable {
  /** A keyed hash of the number (calls/request/last-reached.ts). */
  person: string;
  reached_at: number;
}

export interface MetaTable {
  name: string;
  value: string;
}

export interface Schema {
  requests: RequestsTable;
  submissions: SubmissionsTable;
  calls: CallsTable;
  reports: ReportsTable;
  tasks: TasksTable;
  messages: MessagesTable;
  decisions: DecisionsTable;
  events: EventsTable;
  drafts: DraftsTable;
  alert_events: AlertEventsTable;
  alerts: AlertsTable;
  alert_messages: AlertMessagesTable;
  channel_reads: ChannelReadsTable;
  silences: SilencesTable;
  steps: StepsTable;
  rule_rings: RuleRingsTable;
  rule_matches: RuleMatchesTable;
  pacing: PacingTable;
  learned_people: LearnedPeopleTable;
  last_reached: LastReachedTable;
  recordings: RecordingsTable;
  meta: MetaTable;
}
