import type { AlertStatus } from '../config/types.ts';

/** Every kind of task, with what it carries beside its key (null: nothing). The key says what it is for. */
export interface Tasks {
  /** Key: a lane, "0" and up. Sends what is ready. */
  dispatch: null;
  /** Key: a submission. Sends its unknown calls once more. */
  resend: null;
  /** Key: a request. Calls on until people are reached. */
  reach: null;
  /** Key: a request. Somebody who was called pressed the key that confirms. */
  confirmed: null;
  /** Key: "apply". Applies stored delivery reports. */
  reports: null;
  /** Key: "voice". Looks for unknown submissions in the platform's records. */
  reconcile: null;
  /** Key: "one" or "list". Asks the platform how open calls ended. */
  poll: null;
  /** Key: a request. Its time for approval is over. */
  expire: null;
  /** Key: a request. Starts it when the time that was asked for has come. */
  scheduled: null;
  /** Key: a request. Reminds its approvers. */
  remind: null;
  /** Key: "understand". Reads stored alert events. */
  alerts: null;
  /** Key: "all". Reads what Slack did not deliver from the channels' history. */
  'alerts.missed': null;
  /** Key: "<alert>:<rule>". When the rule called last, who raises the alert and what it was. */
  'alerts.cooldown': { rangAt: number | null; source: string | null; status: AlertStatus };
  /** Key: a rule. Looks whether its message stays away. */
  'alerts.silence': null;
  /** Key: a channel. Posts what waits for it. */
  'slack.deliver': null;
  /** Key: a message of the outbox. Shows it anew. */
  'slack.edit': null;
  /** Key: a recording. Brings it to the platform, and says when it can be chosen. */
  recording: null;
  /** Key: "hourly". Asks Slack for the people whom rules call, for when it is down. */
  people: null;
  /** Key: "daily". Erases what is old. */
  retention: null;
}

export type TaskKind = keyof Tasks;

/** What goes first where several kinds are due at once: the lower number. */
const priority = { phone: 0, deadline: 1, news: 3, show: 5, look: 6, poll: 7, tidy: 9 } as const;

export const priorityOf: Record<TaskKind, number> = {
  dispatch: priority.phone,
  resend: priority.phone,
  reach: priority.phone,
  confirmed: priority.phone,
  scheduled: priority.phone,
  alerts: priority.phone,
  'alerts.cooldown': priority.phone,
  'alerts.silence': priority.phone,
  expire: priority.deadline,
  reports: priority.news,
  'alerts.missed': priority.news,
  remind: priority.show,
  recording: priority.show,
  'slack.deliver': priority.show,
  'slack.edit': priority.show,
  reconcile: priority.look,
  poll: priority.poll,
  people: priority.tidy,
  retention: priority.tidy,
};
