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
  PostState,
  RecordingState,
  RequestPriority,
  RequestState,
  RosterNote,
  SubmissionState,
  TerminationKind,
} from './values.ts';

// On both databases every time is an integer in ms, every flag 0 or 1, and every JSON value text.

/**
 * Set when the row is inserted. Only calls/request/transitions.ts changes it, so the type forbids it in an update.
 */
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
  /** Unique: one opened modal makes one request. */
  root_view_id: string | null;
  channel_id: string;
  /** The channel where the person asked. Null: not in a channel, or not asked by a person. */
  asked_in: string | null;
  /** The thread of the board. Null: the board is posted outside threads. */
  thread_ts: string | null;
  /** The post in whose thread the board goes, if that post is ours. */
  thread_post: Generated<string | null>;
  audio: Json<Audio>;
  options: Json<CallOptions>;
  /** What the person typed into calledInfo. */
  note: string;
  callees: number;
  duplicates: number;
  countries: Json<CountryCount[]>;
  /** Binds an approval to exactly this request. */
  hash: string;
  /** Null: no approval was needed. */
  approval: Json<ApprovalAsk> | null;
  expires_at: number | null;
  on_unknown: OnUnknown;
  priority: RequestPriority;
  cancelled_by: string | null;
  acked_by: string | null;
  outcome: string | null;
  created_at: number;
  changed_at: number;
  finished_at: number | null;
  erased_at: number | null;
  /** How the request continues until people are reached. Null: each callee is called once, and no key confirms. */
  plan: Json<Plan> | null;
  /** The further steps of its rule, copied when the request was made. Null: there are none. */
  ladder: Json<Ladder> | null;
  /** 1 while the plan or the ladder may still call somebody. */
  reaching: Generated<number>;
  /** The step that started last; the first is 1. */
  step: Generated<number>;
  /** When that step started. Null: nothing was released yet. */
  step_started_at: number | null;
  reach_ended_by: EndOfReaching | null;
  reach_ended_at: number | null;
  /** When the first callee was reached, as its plan defines reached. */
  first_reached_at: number | null;
  /** When to call, by the wall clock. Null: at once. */
  when_at: Generated<number | null>;
  /** Names of the lists that were asked for; they are read again when the request is due. Null: none. */
  lists: Generated<Json<string[]> | null>;
  /** Names of the lists whose people it calls, to be shown. Null: none. */
  named_lists: Generated<Json<string[]> | null>;
  /** 1: `hours` in the configuration do not apply to it. */
  any_hour: Generated<number>;
  /** When its alert was resolved. Null: it has no alert, or the alert still fires. */
  resolved_at: number | null;
  /** The rosters that it uses, with the people who were on duty. Null: none, or erased. */
  rosters: Generated<Json<RosterNote[]> | null>;
}

/** The further steps of a request's ladder that have started. */
export interface StepsTable {
  request_id: string;
  step: number;
  started_at: number;
  /** How many callees the step calls. */
  callees: number;
  /** What its callees hear. Null: the same audio as in the first step. */
  audio: Json<Audio> | null;
  /** Whom it could not call and why, in words. Null: nothing to say. */
  problem: string | null;
}

export interface SubmissionsTable {
  id: string;
  request_id: string;
  ordinal: number;
  priority: RequestPriority;
  state: State<SubmissionState>;
  /** Unique. Sent in calledInfo; comes back in records and reports. */
  token: string;
  callees: number;
  /** The unknown submission that this one repeats. */
  again_of: string | null;
  code: string | null;
  reason: string | null;
  ready_at: number;
  /** Not sent before this time. Back-off moves it while nothing leaves this machine. */
  next_try_at: number;
  first_try_at: number | null;
  tries: number;
  sending_at: number | null;
  /** Which run of which lane of which instance sends it. */
  sender: string | null;
  /** The lane that sends it. Null if it is not being sent, or if a restored backup left it as being sent. */
  lane: number | null;
  /** When its unknown calls are sent again (`onUnknown: again`), if they are still unknown. Null: never. */
  resend_at: number | null;
  answered_at: number | null;
  /** When the platform's records were last read in full without finding it. */
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
  /**
   * 1: a later call to the same callee replaces this one. Each callee of a request has one call that is not
   * superseded.
   */
  superseded: Generated<number>;
  /** 1: only a list of the request names this callee. */
  list_only: Generated<number>;
  /** From the person's Slack profile. Null: the number's country decides. */
  time_zone: Generated<string | null>;
  /** The number of this call to this callee within the step. The first is 1. */
  attempt: Generated<number>;
  step: Generated<number>;
  /** The best end of earlier calls to this callee in the request. Null: no earlier call has an end. */
  earlier: EarlierEnd | null;
  voice_id: string | null;
  /** What the platform answered for this callee, or for the whole submission. */
  submit_code: string | null;
  submit_reason: string | null;
  cause: CallCause | null;
  /** When the limit that holds it has room again. */
  held_until: number | null;
  /** When its submission was sent. The limits count by this time. */
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
  /** How it ended, from the report. */
  ending: TerminationKind | null;
  /** When we first knew its end. */
  ended_at: number | null;
  /** When to ask the platform for its record next. Null: its end is known, or we stopped waiting. */
  ask_at: number | null;
  /** 0: its record was never asked for. 1: it was. 2: it has no voiceId, so only the list of records can show it. */
  asked: Generated<number>;
}

/** Reports as they arrived. Reports that match no call yet wait here. */
export interface ReportsTable {
  id: string;
  /** Hash of the report's content: the same report twice is one row. */
  digest: string;
  voice_id: string;
  token: string | null;
  callee: string | null;
  body: string;
  received_at: number;
  /**
   * When it was matched with the calls. Null: not yet. If no call matched, it is tried again when a result brings its
   * voiceId.
   */
  tried_at: number | null;
  /** When it was applied to its call. Null: it matches none so far. */
  applied_at: number | null;
  /** 1: another report of the same voiceId counts, or this one contradicts the call. It need not be read again. */
  outdone: Generated<number>;
}

export interface TasksTable {
  kind: string;
  /** There is at most one task of a kind and key. Adding it while it runs makes it run once more. */
  key: string;
  payload: string;
  run_at: number;
  /** The earliest time for which it was added again while a worker holds it. Null: it was not added again. */
  next_run_at: number | null;
  priority: number;
  /** Grows each time the task is added. A worker that finishes an older revision leaves the task in place. */
  revision: number;
  attempts: number;
  lease_owner: string | null;
  lease_until: number | null;
  last_error: string | null;
  created_at: number;
}

/** The outbox: Slack messages that must arrive. Posted once, edited in place. */
export interface PostsTable {
  id: string;
  request_id: string | null;
  kind: PostKind;
  /** Unique if only one such post may exist, for example "board:<request>". */
  slot: string | null;
  channel_id: string;
  /** The id of the post in whose thread this one goes. That post goes first. */
  parent_id: string | null;
  thread_ts: string | null;
  user_id: string | null;
  /** JSON of the Post (outbox/post.ts). Null: it needs no more, or it was erased. */
  body: string | null;
  state: PostState;
  /** The order of posting within a channel. */
  sequence: number;
  ts: string | null;
  /** Hash of what was last shown: an edit that changes nothing is not made. */
  shown: string | null;
  /** How many tries in a row failed, to post it or to edit it. */
  tries: number;
  /** When the first try was made whose outcome is not known. Null: no try is in doubt. */
  tried_at: number | null;
  /** When it was last tried to post it. */
  last_try_at: Generated<number | null>;
  /** Not retried before this time (ms). */
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
  /** 1: this approver allows the calls at any hour. */
  any_hour: Generated<number>;
}

/** The audit trail. Rows are only added. */
export interface AuditTable {
  id: string;
  request_id: string;
  at: number;
  actor: string;
  action: string;
  detail: Json<Record<string, unknown>>;
}

/** What a person filled in, between the first view and the second. */
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
  /** How many tries failed. */
  attempts: Generated<number>;
  /** It failed too often: it is not retried, but kept for inspection. */
  set_aside_at: number | null;
}

export interface AlertsTable {
  id: string;
  key: string;
  channel_id: string;
  /** The bot that raised it. Only this bot, and those beside it in a rule's `from`, can change the alert. */
  bot_id: string;
  /** Null: none was given, or the row is older than the column. */
  app_id: string | null;
  /** JSON of Identity (alerts/identity). Finds the alert that a resolve ends if the key alone does not. */
  identity: string;
  status: AlertStatus;
  severity: AlertSeverity | null;
  title: string;
  link: string | null;
  /** JSON [[label, value]] of an alert that was posted to us. Null: the alert is a message in Slack. */
  details: Generated<string | null>;
  /** The message under which the results go. Empty if we post that message ourselves. */
  thread_ts: string;
  /** Slack's time of the newest message that changed its status. An older message is old news. */
  last_ts: string;
  first_at: number;
  /** When this episode began: after a resolve or a long silence, a new one begins. */
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
  /** 1 after an edit of the message was seen. */
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
  /** That message; results go in its thread. */
  thread_ts: string;
  source: string | null;
  /** The alert that fires while the message is missing. */
  alert_id: string | null;
}

export interface RuleCallsTable {
  rule_name: string;
  alert_id: string;
  called_at: number;
  /** Null: the rule only showed what it would have done. */
  request_id: string | null;
}

export interface RuleMatchesTable {
  rule_name: string;
  matched_at: number;
}

/** Turns of things that may happen only so often, across instances. */
export interface PacingTable {
  name: string;
  next_at: number;
}

/** What Slack last said about a person whom a rule calls, or about the members of a user group. */
export interface LearnedPeopleTable {
  id: string;
  /** JSON {name, phone, standing} or {members}. */
  body: string;
  learned_at: number;
}

/** Recordings that people added in Slack. */
export interface RecordingsTable {
  id: string;
  /** Unique: one opened modal adds one recording. */
  view_id: string;
  name: string;
  state: RecordingState;
  /** The file in Slack that it was made from. */
  slack_file: string;
  added_by: string;
  added_at: number;
  /** Its name on the platform, made from its content. Null: not checked yet. */
  file_name: string | null;
  /** The platform's id. Null: not known yet. */
  file_id: string | null;
  /** Whole seconds. Null: not checked yet. */
  seconds: number | null;
  /** When its upload was first tried. Null: not yet. */
  tried_at: number | null;
  /** Why it failed, in words. Null: it did not fail. */
  problem: string | null;
  removed_by: string | null;
  removed_at: number | null;
}

/** When each number was last reached by any call. */
export interface LastReachedTable {
  /** A keyed hash of the number (calls/request/last-reached.ts). */
  person: string;
  reached_at: number;
}

/** The last good copy of a roster's calendar. Its times are wall-clock times, as in calendars. */
export interface RostersTable {
  name: string;
  /** Distinguishes its address from others. The address itself is a secret. */
  source: string;
  etag: string | null;
  /** The calendar as fetched. Null: none could be read yet. */
  body: string | null;
  /** JSON Shift[] (rosters/types.ts): its events around the time when it was expanded. */
  shifts: string;
  /** JSON string[]: events that could not be read, in words. */
  problems: string;
  /** JSON: mail addresses in its events with their Slack ids. */
  mails: string;
  /** When it was last fetched, or found to be the same. */
  read_at: number | null;
  expanded_at: number | null;
  tried_at: number;
  /** Why the last try failed, in words. Null: it did not fail. */
  problem: string | null;
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
  posts: PostsTable;
  decisions: DecisionsTable;
  audit: AuditTable;
  drafts: DraftsTable;
  alert_events: AlertEventsTable;
  alerts: AlertsTable;
  alert_messages: AlertMessagesTable;
  channel_reads: ChannelReadsTable;
  silences: SilencesTable;
  steps: StepsTable;
  rule_calls: RuleCallsTable;
  rule_matches: RuleMatchesTable;
  pacing: PacingTable;
  learned_people: LearnedPeopleTable;
  last_reached: LastReachedTable;
  recordings: RecordingsTable;
  rosters: RostersTable;
  meta: MetaTable;
}
