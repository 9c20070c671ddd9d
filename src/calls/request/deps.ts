import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import type { Log } from '../../log.ts';
import type { Store } from '../../store/types.ts';
import type { VoiceClient } from '../../voice/types.ts';

/** What the calls' code needs from outside. No Slack, no HTTP. */
export interface CallsDeps {
  clock: Clock;
  log: Log;
  store: Store;
  voice: VoiceClient;
  /** The current configuration; it can be reloaded while the program runs. */
  config: () => Config;
  /** The name of this process in the submissions that it sends. */
  instance: string;
  /** Makes the tokens of submissions. The same for all instances of one database. */
  tokenSecret: string;
  /** True if the platform pushes reports to us: then polling can wait. */
  reportsExpected: boolean;
}
