import type { Clock } from '../../clock.ts';
import { VoicecallError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { isTokenFault, slackFailure } from '../client/errors.ts';
import type { SlackClients } from './clients.ts';

export interface Identity {
  teamId: string;
  botUserId: string;
  botId: string;
}

interface IdentityDeps {
  web: SlackClients['web'];
  clock: Clock;
  log: Log;
  identity: Identity;
}

/**
 * Asks Slack for our ids and stores them in `deps.identity`. While Slack is down, it asks again (at least every 15 s)
 * until `givenUp` returns true. `onWaiting` is called once, after the first failure. Throws VoicecallError config if
 * Slack refuses the token.
 */
export async function checkIdentity(
  deps: IdentityDeps,
  givenUp: () => boolean,
  onWaiting: () => void = () => {},
): Promise<void> {
  for (let attempt = 0; !givenUp(); attempt++) {
    try {
      const who = await deps.web.auth.test();
      Object.assign(deps.identity, {
        teamId: who.team_id ?? '',
        botUserId: who.user_id ?? '',
        botId: who.bot_id ?? '',
      });
      return;
    } catch (error) {
      const failure = slackFailure(error);
      if (failure.kind === 'refused' && isTokenFault(failure.error)) {
        throw new VoicecallError(
          'config',
          `Slack refuses SLACK_BOT_TOKEN (${failure.error}). Copy the Bot User OAuth Token (xoxb-…) from "OAuth & Permissions" of your app and start again.`,
          { cause: error },
        );
      }
      if (attempt === 0) onWaiting();
      deps.log.warn({ failure }, 'Slack cannot be asked who we are: trying again');
      const waitMs =
        failure.kind === 'limited' ? failure.retryAfterMs : Math.min(1000 * 2 ** attempt, 15_000);
      await new Promise<void>((resolve) => deps.clock.after(waitMs, resolve));
    }
  }
}

/** True if Slack accepts the token now. Never throws. */
export async function tokenIsGood(deps: { urgent: SlackClients['urgent'] }): Promise<boolean> {
  try {
    return (await deps.urgent.auth.test()).ok;
  } catch {
    return false;
  }
}
