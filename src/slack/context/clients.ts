import type { Logger } from '@slack/bolt';
import { type WebAPICallResult, WebClient } from '@slack/web-api';
import { slackFault } from '../client/errors.ts';

export interface SlackClients {
  /** For the outbox, which may wait and retry. */
  web: WebClient;
  /** For answers that a person waits for (views.open must be called within 3 s). It never waits behind the outbox. */
  urgent: WebClient;
}

/**
 * Two clients without retries. A 429 comes back as an error with its Retry-After, and the caller decides. By default
 * the library would pause its whole queue for one busy channel, and would send a message again after a lost answer.
 */
export function createSlackClients(settings: {
  token: string;
  apiUrl: string;
  logger: Logger;
  /** Counts calls for the metrics. */
  fetch?: typeof fetch | undefined;
}): SlackClients {
  const client = (timeoutMs: number) =>
    new AskingClient(settings.token, {
      slackApiUrl: settings.apiUrl,
      logger: settings.logger,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: timeoutMs,
      ...(settings.fetch === undefined ? {} : { fetch: settings.fetch }),
    });
  return { web: client(10_000), urgent: client(2_500) };
}

/** A client whose errors have a code that says whether Slack itself did not answer. */
class AskingClient extends WebClient {
  override async apiCall(method: string, options?: Record<string, unknown>): Promise<WebAPICallResult> {
    try {
      return await super.apiCall(method, options);
    } catch (error) {
      throw slackFault(error, method);
    }
  }
}
