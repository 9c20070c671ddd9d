import type { Logger } from '@slack/bolt';
import { type WebAPICallResult, WebClient } from '@slack/web-api';
import { slackFault } from '../client/errors.ts';

export interface SlackClients {
  /** For everything that goes through the outbox: it has its own patience. */
  web: WebClient;
  /** For answers that a person waits for (views.open has 3 s): no queue of the outbox's ever stands before it. */
  urgent: WebClient;
}

/**
 * Two clients with no retries and no pause of their own: a 429 comes back as an error with its Retry-After, and who
 * asked decides. Left to itself the library would pause its whole queue for one noisy channel, and send a message
 * again after a lost answer.
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

/** A client whose failures tell by their code where Slack itself did not answer. */
class AskingClient extends WebClient {
  override async apiCall(method: string, options?: Record<string, unknown>): Promise<WebAPICallResult> {
    try {
      return await super.apiCall(method, options);
    } catch (error) {
      throw slackFault(error, method);
    }
  }
}
