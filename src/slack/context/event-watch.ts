import type { Clock } from '../../clock.ts';

/** Whether Slack's events still arrive here: Socket Mode can be connected and silent. */
export interface EventWatch {
  /** An event of a channel arrived, from any author. */
  heard(channelId: string): void;
  /** When an event of the channel, or of any, arrived last (ms); 0: none since the connection was made. */
  lastHeardAt(channelId?: string): number;
  /** A connection was made: what came before it may have been missed. */
  connected(): void;
  /** When the connection was made, ms; 0: there is none to watch. */
  connectedAt(): number;
  /** History has messages that never arrived: the connection is made anew. Only in Socket Mode. */
  fault(): Promise<void>;
  /** History has nothing that did not arrive. */
  good(): void;
  /** True from a fault until an event arrives or history shows that nothing was missed. */
  isSilent(): boolean;
  /** How often there was a fault since the start, for the metrics. */
  faults(): number;
}

/** @param connection makes the connection anew; undefined where Slack comes by HTTP */
export function createEventWatch(clock: Clock): EventWatch & {
  /** Set once the connection exists. */
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
