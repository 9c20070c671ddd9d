import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { VoiceClient } from '../../voice/types.ts';

export interface KnownBalance {
  /** The account's last known balance, at most ten minutes old; null if not known. Starts a refresh. */
  known(): string | null;
  /** Asks the platform, unless it was asked within the last minute. Returns at once and never throws. */
  refresh(): void;
}

const freshForMs = 60_000;
const keptForMs = 10 * 60_000;

/**
 * Keeps the account's balance for the approvers' card. The card never waits for it; without a balance it shows none.
 */
export function createBalance(deps: { clock: Clock; log: Log; voice: VoiceClient }): KnownBalance {
  let last: { balance: string | null; at: number } | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;

  function refresh(): void {
    const now = deps.clock.now();
    if (now - askedAt < freshForMs) return;
    askedAt = now;
    void ask();
  }

  async function ask(): Promise<void> {
    try {
      const answer = await deps.voice.getBalance();
      last = { balance: answer?.balance ?? null, at: deps.clock.now() };
    } catch (error) {
      deps.log.warn({ err: error }, 'the balance could not be fetched');
    }
  }

  return {
    known() {
      refresh();
      return last !== null && deps.clock.now() - last.at < keptForMs ? last.balance : null;
    },
    refresh,
  };
}
