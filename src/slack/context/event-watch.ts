import type { Clock } from '../../clock.ts';

/** Notices when Slack's events stop arriving, because Socket Mode can be connected and deliver nothing. */
export interface EventWatch {
  /** Call when an event of a channel arrived, from any author. */
  heard(channelId: string): void;
  /** When the last event of the channel, or of any channel, arrived (ms). 0: none since the connection was made. */
  lastHeardAt(channelId?: string): number;
  /** Call when a connection was made: messages before it may have been missed. */
  connected(): void;
  /** When the connection was made (ms). 0: there is none to watch. */
  connectedAt(): number;
  /** Call when the history has messages that never arrived. Connects again, in Socket Mode only. */
  fault(): Promise<void>;
  /** Call when the history has no message that did not arrive. */
  good(): void;
  /** True from a fault until an event arrives, or until the history shows that nothing was missed. */
  isSilent(): boolean;
  /** How many faults there were since the start, for the metrics. */
  faults(): number;
}

/** Creates the watch for one process. */
export function createEventWatch(clock: Clock): EventWatch & {
  /** Connects again. Set once the connection exists; stays undefined if Slack posts to us by HTTP. */
  reconnect: (() => Promise<void>) | undefined;
} {
  const heardAt = new Map<string, number>();
  let anyAt = 0;
  let connectedAt = 0;
  let silent = false;
  let faults = 0;
  const watch: ReturnType<typeof createEventWatch> = {
    reconnect: undefined,
    heard(channelId) {
      anyAt = clock.now();
      heardAt.set(channelId, anyAt);
      silent = false;
    },
    lastHeardAt: (channelId) => (channelId === undefined ? anyAt : (heardAt.get(channelId) ?? 0)),
    connected() {
      connectedAt = clock.now();
      heardAt.clear();
      anyAt = 0;
    },
    connectedAt: () => connectedAt,
    async fault() {
      silent = true;
      faults++;
      await watch.reconnect?.();
    },
    good() {
      silent = false;
    },
    isSilent: () => silent,
    faults: () => faults,
  };
  return watch;
}
