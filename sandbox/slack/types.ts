/**
 * The sandbox Slack's public shape: what a page, a test or the control API sees.
 * State is live: read it whenever `onChange` says so, never write to it; use the actions.
 */

/** A JSON object whose fields Slack may add to. */
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
  /** The other person, for a direct message. */
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
  /** Set by files.completeUploadExternal; before it the file does not exist for the API. */
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
  /** Seen by this user alone; never in history. */
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
  /** What the person has typed and chosen so far, keyed by block_id and action_id. */
  state: { values: ViewStateValues };
  /** Field errors the app answered last, keyed by block_id. */
  errors: Record<string, string>;
}

export type ViewStateValues = Record<string, Record<string, StateValue>>;

/** Slack's own form of one input's value, e.g. `{type: 'plain_text_input', value: 'x'}`. */
export type StateValue = JsonObject & { type: string };

/**
 * What a person fills in, by block_id. A string or strings are turned into the element's own form (an option's
 * value, a user id, a date, a file id …); null empties the field; an object is taken as Slack's own form.
 * Where a block holds several elements (actions), use Slack's form under `[action_id]` by `ViewStateValues`.
 */
export type FieldValues = Record<string, string | string[] | number | null | StateValue>;

/** One Web API request the sandbox received. */
export interface ApiCall {
  method: string;
  args: JsonObject;
  at: number;
  status: number;
  /** Null while it works, hangs, or when the connection was cut. */
  answer: JsonObject | null;
  fault?: FaultKind;
}

/** One thing sent to the app: a command, an interaction, an event. */
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
  /** `ok`: acknowledged with 2xx in time. */
  outcome: 'ok' | 'operation_timeout' | 'http_error' | 'connection_failed' | 'no_app';
  /** The HTTP status; 200 for a socket acknowledgement; null without an answer. */
  status: number | null;
  latencyMs: number;
  /** The parsed JSON answer, or `{text}` for a plain one; null when it was empty. */
  answer: JsonObject | null;
  /** The sentence Slack would show the person, or null when all is well. */
  shown: string | null;
}

export interface ActionResult extends DeliveryResult {
  deliveryId: string;
}

export interface CommandResult extends ActionResult {
  triggerId: string;
  responseUrl: string;
  /** The message shown by the acknowledgement's own body, if any. */
  reply: SandboxMessage | null;
}

export interface SubmitResult extends ActionResult {
  /**
   * What happened to the modal. `refused`: Slack's client itself kept it open (a required field was empty, too
   * long …) and nothing was sent; `kept`: no valid answer, the modal stays with `shown`.
   */
  action: 'closed' | 'cleared' | 'pushed' | 'updated' | 'errors' | 'refused' | 'kept';
  /** By block_id. */
  errors: Record<string, string>;
  /** The view on top afterwards; null when the stack is empty. */
  view: SandboxView | null;
}

export interface PressResult extends ActionResult {
  triggerId: string;
  responseUrl: string | null;
}

export interface SuggestResult extends ActionResult {
  options: JsonObject[];
}

/** `html`: a page with 200 instead of an answer, nothing is done; `cut_json`: done, and its answer breaks off. */
export type FaultKind =
  | '429'
  | '500'
  | 'hang'
  | 'drop_after'
  | 'drop_before'
  | 'slow'
  | 'error'
  | 'html'
  | 'cut_json';

export interface Fault {
  /**
   * A Web API method, `*` for each of them, `upload`, `download`, `response_url`, or `app:<DeliveryKind>` for what
   * goes to the app: there `drop_before` never arrives, `drop_after` arrives and its answer is lost.
   */
  method: string;
  channel?: string;
  /** Only calls whose arguments, as JSON, hold this text: one message among others. */
  holds?: string;
  /** How many calls it hits; it is gone after that. */
  times: number;
  /** Instead of `times`: it hits every call for so long (ms). */
  forMs?: number;
  kind: FaultKind;
  /** Seconds, for `429`. Default 1. */
  retryAfter?: number;
  /** For `error`: the Slack error string. Default `internal_error`. */
  error?: string;
  /** For `slow`; for `hang` when the connection is at last cut (never, when absent). */
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
  /** The app's bot scopes; default: those of manifest/manifest.json, else what Voicecall needs. */
  scopes?: string[];
  /** Enforce Slack's real rate limits. Default false. */
  rateLimits?: boolean;
  /** How long an acknowledgement may take. Default 3000, Slack's. */
  ackTimeoutMs?: number;
  /** How long a trigger_id lives. Default 3000, Slack's. */
  triggerLifeMs?: number;
  /** Waits before an event is sent again. Default Slack's: at once, 1 minute, 5 minutes. */
  eventRetryDelaysMs?: number[];
  botToken?: string;
  appToken?: string;
  signingSecret?: string;
  /** Where commands, interactions and events go, e.g. `http://127.0.0.1:3000/slack/events`. */
  requestUrl?: string;
  /** Slack's own time (ms), for the ts of messages; default: the machine's. */
  now?: () => number;
  /** How many entries callsLog and deliveries keep. Default 20,000. */
  logSize?: number;
}

/** The workspace as it is now. */
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
  /** By channel id, in order of ts; deleted and ephemeral ones included and marked. */
  messages: Map<string, SandboxMessage[]>;
  /** Open modals by user id, the last one on top. */
  views: Map<string, SandboxView[]>;
  homes: Map<string, SandboxView>;
  callsLog: ApiCall[];
  deliveries: Delivery[];
  faults: Fault[];
  requestUrl: string | null;
}

/** Who posts: a person, another app's bot (a modern one, no subtype), or an incoming webhook (subtype bot_message). */
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
  /** Sockets (Socket Mode) connected now. */
  socketCount(): number;
  /** Tells each connected socket to reconnect, as Slack does now and then, and closes it. */
  disconnectSockets(reason?: string): void;

  /** Text as typed after the command's name. `command` defaults to `/voicecall`. */
  command(user: string, channel: string, text: string, command?: string): Promise<CommandResult>;
  /** Keeps what a person types without submitting. Throws when a block or an option does not exist. */
  fillView(user: string, viewId: string, values: FieldValues | ViewStateValues): void;
  /** Fills `values` over what is there, then presses Submit. Only the top view can be submitted. */
  submitView(user: string, viewId: string, values?: FieldValues | ViewStateValues): Promise<SubmitResult>;
  /** Presses Cancel (or ×, which closes the whole stack, with `all`). Null when the app is not told. */
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
  /** The same in a modal or in App Home. */
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
  /** A file a person has uploaded, e.g. for a file_input. */
  uploadFile(user: string, name: string, content: string | Buffer): SandboxFile;
  /**
   * Posts a text, or Slack's own fields (text, blocks, attachments, thread_ts …); the app hears of it if it is in the
   * channel. A person's plain text is escaped and @names resolved as on typing; fields are taken as they are.
   */
  postAs(poster: Poster, channel: string, message: string | JsonObject): SandboxMessage;
  /** Edits a message; the app hears `message_changed`. */
  editAs(poster: Poster, channel: string, ts: string, message: string | JsonObject): SandboxMessage;
  deleteMessage(channel: string, ts: string): void;
  /** Creates an incoming webhook (a bot of its own) and answers its url. */
  createWebhook(channel: string, name: string, id?: string): { url: string; botId: string };
  invite(channel: string, user: string): void;
  removeMember(channel: string, user: string): void;
  setArchived(channel: string, archived: boolean): void;
  /** Sends an earlier delivery once more, byte for byte (fresh timestamp and signature), as Slack's retries do. */
  redeliver(deliveryId: string, retryNum?: number): Promise<DeliveryResult>;
  /** Resolves once no delivery or event retry is under way. */
  settled(): Promise<void>;
  /** The messages of a channel a member would see (not deleted, not ephemeral). */
  history(channel: string): SandboxMessage[];
  /** What `user` alone was shown, in all channels, oldest first. */
  ephemerals(user: string): SandboxMessage[];
  /** Forgets messages, views, logs, files and faults, and restores the default world. */
  reset(): void;
}

/** One thing wrong with blocks, a message or a view. `pointer` is a JSON pointer such as `/blocks/0/text/text`. */
export interface Problem {
  pointer: string;
  message: string;
}
