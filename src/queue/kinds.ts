import type { AlertStatus } from '../config/types.ts';

/** Every kind of task with its payload (null: none). The key says what the task is about. */
export interface Tasks {
  /** Key: a lane, "0" and up. Sends ready submissions. */
  dispatch: null;
  /** Key: a submission. Sends its unknown calls again. */
  resend: null;
  /** Key: a request. Makes further attempts and steps until people are reached. */
  reach: null;
  /** Key: a request. A callee pressed the key that confirms. */
  confirmed: null;
  /** Key: "apply". Applies stored reports. */
  reports: null;
  /** Key: "voice". Looks up unknown submissions in the platform's records. */
  reconcile: null;
  /** Key: "one" or "list". Asks the platform how open calls ended. */
  poll: null;
  /** Key: a request. Its time for approval is over. */
  expire: null;
  /** Key: a request. Starts it at the time that was asked for. */
  scheduled: null;
  /** Key: a request. Reminds its approvers. */
  remind: null;
  /** Key: "understand". Reads stored alert events. */
  alerts: null;
  /** Key: "all". Reads from the channels' history what Slack did not deliver. */
  'alerts.missed': null;
  /** Key: "<alert>:<rule>". When the rule last called, which source raised the alert, and its status then. */
  'alerts.cooldown': { calledAt: number | null; source: string | null; status: AlertStatus };
  /** Key: a rule. Checks whether its message is still missing. */
  'alerts.silence': null;
  /** Key: a channel. Posts the pending posts of that channel. */
  'slack.deliver': null;
  /** Key: a post. Edits it in Slack. */
  'slack.edit': null;
  /** Key: a recording. Uploads it to the platform and tells the person when it can be used. */
  recording: null;
  /** Key: "hourly". Reads the people whom rules call from Slack, so that they can be called while Slack is down. */
  people: null;
  /** Key: "all". Fetches the calendars of rosters. */
  rosters: null;
  /** Key: "daily". Erases old data. */
  retention: null;
}

export type TaskKind = keyof Tasks;

/** Which kind goes first if several are due: the lower number. */
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
  rosters: priority.look,
  retention: priority.tidy,
};
