import type { TaskKind, Tasks } from './kinds.ts';

/** A task to be asked for: what its kind carries is checked by the compiler. */
export type NewTask<Kind extends TaskKind = TaskKind> = {
  kind: Kind;
  key: string;
  /** Epoch ms; the earlier of two asks wins. */
  runAt: number;
} & (Tasks[Kind] extends null ? { payload?: never } : { payload: Tasks[Kind] });

/** A task of any kind, as it is written into the table. */
export interface AnyTask {
  kind: string;
  key: string;
  runAt: number;
  /** 0 goes first; default 5. */
  priority?: number;
  payload?: unknown;
}

export interface Task {
  kind: string;
  key: string;
  payload: unknown;
  /** How often it was begun before without coming to an end: 0 the first time. */
  attempts: number;
}

/** A worker's hold on a task. */
export interface Lease {
  /** False as soon as another instance may have taken the task: nothing may be sent any more. */
  valid(): boolean;
  /** Aborted when the lease is lost or the worker stops. */
  signal: AbortSignal;
}

/** What a handler says in the end: done (undefined), or again at a time. An exception: again with back-off. */
export type TaskResult = undefined | { againAt: number };

export type TaskHandler = (task: Task, lease: Lease) => Promise<TaskResult>;
