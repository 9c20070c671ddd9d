import {
  changesOf,
  type Decision,
  type Heard,
  type Known,
  type KnownAlert,
  type KnownMessage,
  mayEnd,
  messageOf,
} from '../decide.ts';

/** Production's tables as maps, for the dry run, which stores nothing. */
export interface Memory {
  known(heard: Heard): Known;
  /** Stores what a message changed. Returns the changed alert. */
  remember(decision: Decision, heard: Heard): KnownAlert;
  called(alertId: string, ruleName: string, at: number): void;
}

export function createMemory(): Memory {
  const alerts = new Map<string, KnownAlert>();
  const messages = new Map<string, { seen: KnownMessage; key: string }>();
  const ruleCalls = new Map<string, Map<string, number>>();
  const placeOf = (channel: string | undefined, ts: string) => `${channel ?? ''}\n${ts}`;
  const messageAt = (channel: string | undefined, ts: string | undefined) => {
    const found = ts === undefined || ts === '' ? undefined : messages.get(placeOf(channel, ts));
    const alert = found === undefined ? undefined : alerts.get(found.key);
    return found === undefined || alert === undefined ? undefined : { seen: found.seen, alert };
  };
  return {
    known({ gated, understood, source }) {
      const { channel = '' } = gated;
      const sameKey = alerts.get(understood.key);
      const fires = (alert: KnownAlert) => alert.status === 'firing' && alert.channel === channel;
      return {
        message: source === undefined ? messageAt(channel, gated.ts) : undefined,
        parent: messageAt(channel, gated.threadTs)?.alert,
        sameKey,
        firing:
          mayEnd(understood) && sameKey === undefined && source?.exact !== true
            ? [...alerts.values()].filter(fires)
            : [],
        ruleCalls,
      };
    },
    remember(decision, heard) {
      const { gated, understood } = heard;
      const before: KnownAlert = decision.alert ?? {
        id: decision.key,
        key: decision.key,
        channel: gated.channel ?? '',
        botId: gated.botId,
        appId: gated.appId,
        status: decision.status,
        identity: understood.identity,
        title: understood.title,
        threadTs: gated.threadTs ?? gated.ts,
        lastTs: gated.editedTs ?? gated.ts,
        lastAt: heard.now,
        episodeAt: decision.episodeAt,
      };
      const alert: KnownAlert =
        decision.alert === undefined ? before : { ...before, ...changesOf(decision, heard) };
      alerts.set(alert.key, alert);
      const seen = messageOf(decision, gated);
      if (seen !== null && gated.ts !== '' && heard.source === undefined)
        messages.set(placeOf(gated.channel, gated.ts), { seen, key: alert.key });
      return alert;
    },
    called(alertId, ruleName, at) {
      const known = ruleCalls.get(alertId) ?? new Map<string, number>();
      ruleCalls.set(alertId, known.set(ruleName, at));
    },
  };
}
