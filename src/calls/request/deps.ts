import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import type { Log } from '../../log.ts';
import type { Store } from '../../store/types.ts';
import type { VoiceClient } from '../../voice/types.ts';

/** What the domain needs from outside: no Slack, no HTTP. */
export interface CallsDeps {
  clock: Clock;
  log: Log;
  store: Store;
  voice: VoiceClient;
  /** The configuration as it is now (it can be read again while the program runs). */
  config: () => Config;
  /** Names this process in what it is sending. */
  instance: string;
  /** Makes submissions' tokens; the same for all instances of one database. */
  tokenSecret: string;
  /** True where the platform pushes delivery reports to us: then polling can wait. */
  reportsExpected: boolean;
}
