import type { TaskKind, Tasks } from './kinds.ts';

/** A task to add. The compiler checks the payload of its kind. */
export type NewTask<Kind extends TaskKind = TaskKind> = {
  kind: Kind;
  key: string;
  /** Epoch ms. If the task is added twice, the earlier time wins. */
  runAt: number;
} & (Tasks[Kind] extends null ? { payload?: never } : { payload: Tasks[Kind] });

/** A task of any kind, as the table holds it. */
export interface AnyTask {
  kind: string;
  key: string;
  runAt: number;
  /** The lower number goes first. Default 5. */
  priority?: number;
  payload?: unknown;
}

export interface Task {
  kind: string;
  key: string;
  payload: unknown;
  /** How many earlier runs did not finish: 0 the first time. */
  attempts: number;
}

/** A worker's lease of a task. */
export interface Lease {
  /** False as soon as another instance may have leased the task. Then nothing may be sent. */
  valid(): boolean;
  /** Aborted when the lease is lost or the worker stops. */
  signal: AbortSignal;
}

/**
 * The result of a handler. undefined: done. againAt: run again at that time (epoch ms). An exception: retry with
 * back-off.
 */
export type TaskResult = undefined | { againAt: number };

export type TaskHandler = (task: Task, lease: Lease) => Promise<TaskResult>;

/** For each kind of task: how many may run at once, and what to run. */
export type Handlers = Record<string, { concurrency: number; run: TaskHandler }>;
