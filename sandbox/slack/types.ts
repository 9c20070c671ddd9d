/**
 * The public interface of the sandbox's Slack, for the page, a test or the control API. The state is live: read it
 * after each `onChange`, never write to it; use the actions.
 */

/** A JSON object to which Slack may add fields. */
export type JsonObject = { [key: string]: unknown };

/** One Block Kit block, as posted. */
export type Block = JsonObject & { type: string; block_id?: string };

export interface SandboxUser {
  id: string;
  team_id: string;
  name: string;
  real_name: string;
  deleted: boolean;
  is_bot: boolean;
  /** A multi-channel guest. */
  is_restricted: boolean;
  /** A single-channel guest. */
  is_ultra_restricted: boolean;
  is_admin: boolean;
  tz: string;
  tz_offset: number;
  locale: string;
  profile: {
    real_name: string;
    display_name: string;
    phone: string;
    email: string;
    bot_id?: string;
    api_app_id?: string;
  };
}

export interface SandboxChannel {
  id: string;
  name: string;
  is_private: boolean;
  is_im: boolean;
  is_archived: boolean;
  /** In a direct message: the other person. */
  user?: string;
  members: string[];
  created: number;
}

export interface SandboxUsergroup {
  id: string;
  handle: string;
  name: string;
  description: string;
  users: string[];
  /** 0 while the group is enabled. */
  date_delete: number;
}

/** A bot identity: the app's own, another app's, or an incoming webhook's. */
export interface SandboxBot {
  id: string;
  app_id: string;
  name: string;
  user_id?: string;
}

export interface SandboxFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  filetype: string;
  size: number;
  user: string;
  created: number;
  channels: string[];
  /** Set by files.completeUploadExternal. Before that the API does not know the file. */
  complete: boolean;
  url_private: string;
  url_private_download: string;
  content: Buffer;
}

export interface SandboxMessage {
  channel: string;
  ts: string;
  type: 'message';
  subtype?: string;
  user?: string;
  bot_id?: string;
  app_id?: string;
  username?: string;
  icons?: JsonObject;
  text: string;
  blocks?: Block[];
  attachments?: JsonObject[];
  metadata?: { event_type: string; event_payload: JsonObject };
  /** Equal to `ts` on a parent that has replies. */
  thread_ts?: string;
  reply_broadcast?: boolean;
  file_ids: string[];
  edited?: { user: string; ts: string };
  /** How often it was edited (chat.update, or a person's edit). */
  edits: number;
  /** Visible to this user only, and never in the history. */
  ephemeral_to?: string;
  deleted: boolean;
}

export interface SandboxView {
  id: string;
  hash: string;
  user: string;
  type: 'modal' | 'home';
  root_view_id: string;
  previous_view_id: string | null;
  callback_id: string;
  external_id: string;
  private_metadata: string;
  title?: JsonObject;
  submit?: JsonObject | null;
  close?: JsonObject | null;
  blocks: Block[];
  clear_on_close: boolean;
  notify_on_close: boolean;
  /** What the person has typed and chosen, by block_id and action_id. */
  state: { values: ViewStateValues };
  /** The last field errors from the app, by block_id. */
  errors: Record<string, string>;
}

export type ViewStateValues = Record<string, Record<string, StateValue>>;

/** The value of one input in Slack's form, for example `{type: 'plain_text_input', value: 'x'}`. */
export type StateValue = JsonObject & { type: string };

/**
 * What a person fills in, by block_id. Strings are converted to the element's form (an option's value, a user id, a
 * date, a file id …); null empties the field; an object is taken as Slack's form. If a block has several elements
 * (actions), use Slack's form by `[action_id]` in `ViewStateValues`.
 */
export type FieldValues = Record<string, string | string[] | number | null | StateValue>;

/** One Web API request that the sandbox received. */
export interface ApiCall {
  method: string;
  args: JsonObject;
  at: number;
  status: number;
  /** Null while it runs or hangs, or if the connection was cut. */
  answer: JsonObject | null;
  fault?: FaultKind;
}

/** One thing that was sent to the app: a command, an interaction, an event. */
export interface Delivery {
  id: string;
  kind: DeliveryKind;
  transport: 'http' | 'socket' | 'none';
  at: number;
  body: JsonObject;
  retryNum: number;
  /** Absent until there is one. */
  result?: DeliveryResult;
}

export type DeliveryKind =
  | 'command'
  | 'view_submission'
  | 'view_closed'
  | 'block_actions'
  | 'block_suggestion'
  | 'shortcut'
  | 'message_action'
  | 'event';

export interface DeliveryResult {
  /** `ok`: acknowledged in time with 2xx. */
  outcome: 'ok' | 'operation_timeout' | 'http_error' | 'connection_failed' | 'no_app';
  /** The HTTP status. 200 for a socket acknowledgement; null without an answer. */
  status: number | null;
  latencyMs: number;
  /** The parsed JSON answer, or `{text}` for plain text. Null if it was empty. */
  answer: JsonObject | null;
  /** The sentence that Slack would show the person. Null if there is no error. */
  shown: string | null;
}

export interface ActionResult extends DeliveryResult {
  deliveryId: string;
}

export interface CommandResult extends ActionResult {
  triggerId: string;
  responseUrl: string;
  /** The message in the acknowledgement's body, if any. */
  reply: SandboxMessage | null;
}

export interface SubmitResult extends ActionResult {
  /**
   * What happened to the modal. `refused`: Slack's client kept it open (a required field was empty, a text too long
   * …) and sent nothing. `kept`: no valid answer; the modal stays, with `shown`.
   */
  action: 'closed' | 'cleared' | 'pushed' | 'updated' | 'errors' | 'refused' | 'kept';
  /** By block_id. */
  errors: Record<string, string>;
  /** The top view afterwards. Null if the stack is empty. */
  view: SandboxView | null;
}

export interface PressResult extends ActionResult {
  triggerId: string;
  responseUrl: string | null;
}

export interface SuggestResult extends ActionResult {
  options: JsonObject[];
}

/**
 * `html`: a page with status 200 instead of an answer; nothing is done. `bare_ok`: only `{"ok":true}`; nothing is done. `cut_json`: it is done, but the answer breaks
 * off.
 */
export type FaultKind =
  | '429'
  | '500'
  | 'hang'
  | 'drop_after'
  | 'drop_before'
  | 'slow'
  | 'error'
  | 'html'
  | 'bare_ok'
  | 'cut_json';

export interface Fault {
  /**
   * A Web API method, `*` for all of them, `upload`, `download`, `response_url`, or `app:<DeliveryKind>` for
   * deliveries to the app. For a delivery, `drop_before` never arrives; `drop_after` arrives and its answer is lost.
   */
  method: string;
  channel?: string;
  /** Only calls whose arguments (as JSON) contain this text. */
  holds?: string;
  /** For how many calls. */
  times: number;
  /** Instead of `times`: for every call during this time, ms. */
  forMs?: number;
  kind: FaultKind;
  /** For `429`, in seconds. Default 1. */
  retryAfter?: number;
  /** For `error`: Slack's error name. Default `internal_error`. */
  error?: string;
  /** For `slow`; for `hang`: when the connection is cut (absent: never). */
  delayMs?: number;
}

export type Change =
  | { type: 'message'; channel: string; ts: string }
  | { type: 'view'; user: string }
  | { type: 'home'; user: string }
  | { type: 'call'; method: string }
  | { type: 'delivery'; id: string }
  | { type: 'world' };

export interface SandboxOptions {
  port?: number;
  host?: string;
  /** The app's bot scopes. Default: those of manifest/manifest.json, else what Voicecall needs. */
  scopes?: string[];
  /** Apply Slack's real rate limits. Default: false. */
  rateLimits?: boolean;
  /** The time limit for an acknowledgement, ms. Default: 3000, as in Slack. */
  ackTimeoutMs?: number;
  /** The life of a trigger_id, ms. Default: 3000, as in Slack. */
  triggerLifeMs?: number;
  /** The pauses before an event is retried, ms. Default, as in Slack: at once, 1 minute, 5 minutes. */
  eventRetryDelaysMs?: number[];
  botToken?: string;
  appToken?: string;
  signingSecret?: string;
  /** The URL for commands, interactions and events, for example `http://127.0.0.1:3000/slack/events`. */
  requestUrl?: string;
  /** Slack's time (ms), for the ts of messages. Default: the machine's. */
  now?: () => number;
  /** How many entries callsLog and deliveries keep. Default: 20,000. */
  logSize?: number;
}

/** The current workspace. */
export interface SandboxState {
  team: { id: string; name: string; domain: string };
  app: {
    id: string;
    name: string;
    botId: string;
    botUserId: string;
    botToken: string;
    appToken: string;
    signingSecret: string;
    scopes: string[];
  };
  channels: Map<string, SandboxChannel>;
  users: Map<string, SandboxUser>;
  usergroups: Map<string, SandboxUsergroup>;
  bots: Map<string, SandboxBot>;
  files: Map<string, SandboxFile>;
  /** By channel id, in the order of ts. Includes deleted and ephemeral messages, which are marked. */
  messages: Map<string, SandboxMessage[]>;
  /** Open modals by user id. The last one is on top. */
  views: Map<string, SandboxView[]>;
  homes: Map<string, SandboxView>;
  callsLog: ApiCall[];
  deliveries: Delivery[];
  faults: Fault[];
  requestUrl: string | null;
}

/**
 * The sender: a person, another app's bot (modern, without subtype), or an incoming webhook (subtype bot_message).
 */
export type Poster = { user: string } | { bot: string } | { webhook: string };

export interface SandboxSlack {
  /** The Web API's base, ending in `/api/`. */
  url: string;
  /** `http://host:port`, without a path. */
  origin: string;
  state: SandboxState;
  stop(): Promise<void>;
  onChange(listener: (change: Change) => void): () => void;

  setRequestUrl(url: string | null): void;
  setRateLimits(on: boolean): void;
  fault(fault: Fault): void;
  clearFaults(): void;
  /** The number of connected sockets (Socket Mode). */
  socketCount(): number;
  /** Tells each connected socket to reconnect, as Slack sometimes does, and closes it. */
  disconnectSockets(reason?: string): void;

  /** Text as typed after the command's name. `command` defaults to `/voicecall`. */
  command(user: string, channel: string, text: string, command?: string): Promise<CommandResult>;
  /** Stores what a person types, without submitting. Throws if a block or an option does not exist. */
  fillView(user: string, viewId: string, values: FieldValues | ViewStateValues): void;
  /** Adds `values` to the entries, then presses Submit. Only the top view can be submitted. */
  submitView(user: string, viewId: string, values?: FieldValues | ViewStateValues): Promise<SubmitResult>;
  /** Presses Cancel, or × (`all`), which closes the whole stack. Null if the app is not told. */
  closeView(user: string, viewId: string, all?: boolean): Promise<ActionResult | null>;
  /** Presses a button, or chooses `value`, in a message. */
  press(
    user: string,
    channel: string,
    ts: string,
    actionId: string,
    value?: string | string[],
    blockId?: string,
  ): Promise<PressResult>;
  /** The same in a modal or in the Home tab. */
  pressInView(
    user: string,
    viewId: string,
    actionId: string,
    value?: string | string[],
    blockId?: string,
  ): Promise<PressResult>;
  /** Types into an external select. */
  suggest(user: string, viewId: string, actionId: string, query: string): Promise<SuggestResult>;
  messageShortcut(user: string, channel: string, ts: string, callbackId: string): Promise<PressResult>;
  globalShortcut(user: string, callbackId: string): Promise<PressResult>;
  openHome(user: string): Promise<void>;
  /** A file that a person has uploaded, for example for a file_input. */
  uploadFile(user: string, name: string, content: string | Buffer): SandboxFile;
  /**
   * Posts a text, or Slack's own fields (text, blocks, attachments, thread_ts …). The app gets an event if it is in
   * the channel. A person's plain text is escaped and @names are resolved, as in Slack's editor; fields are taken
   * unchanged.
   */
  postAs(poster: Poster, channel: string, message: string | JsonObject): SandboxMessage;
  /** Edits a message. The app gets `message_changed`. */
  editAs(poster: Poster, channel: string, ts: string, message: string | JsonObject): SandboxMessage;
  deleteMessage(channel: string, ts: string): void;
  /** Creates an incoming webhook with its own bot. Returns its URL. */
  createWebhook(channel: string, name: string, id?: string): { url: string; botId: string };
  invite(channel: string, user: string): void;
  removeMember(channel: string, user: string): void;
  setArchived(channel: string, archived: boolean): void;
  /** Sends an earlier delivery again, byte for byte (new timestamp and signature), like Slack's retries. */
  redeliver(deliveryId: string, retryNum?: number): Promise<DeliveryResult>;
  /** Resolves when no delivery or event retry is running. */
  settled(): Promise<void>;
  /** The messages of a channel that a member would see (not deleted, not ephemeral). */
  history(channel: string): SandboxMessage[];
  /** The messages that only `user` was shown, in all channels, oldest first. */
  ephemerals(user: string): SandboxMessage[];
  /** Deletes messages, views, logs, files and faults, and restores the default world. */
  reset(): void;
}

/** One fault in blocks, a message or a view. `pointer` is a JSON pointer such as `/blocks/0/text/text`. */
export interface Problem {
  pointer: string;
  message: string;
}
