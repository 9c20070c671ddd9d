import type { SandboxSlack } from './slack/types.ts';
import type { VoicePlatform } from './voice/server.ts';

/** The environment with which the app finds a sandbox's Slack and voice platform, with their credentials. */
export function appEnvironment(
  { state: { app }, url }: Pick<SandboxSlack, 'state' | 'url'>,
  voice: Pick<VoicePlatform, 'url' | 'balanceUrl' | 'credentials'>,
  mode: 'http' | 'socket' = 'http',
): Record<string, string> {
  const { apiKey, apiSecret, appId } = voice.credentials;
  return {
    SLACK_BOT_TOKEN: app.botToken,
    SLACK_API_URL: url,
    ...(mode === 'socket' ? { SLACK_APP_TOKEN: app.appToken } : { SLACK_SIGNING_SECRET: app.signingSecret }),
    VOICE_API_URL: voice.url,
    VOICE_BALANCE_URL: voice.balanceUrl,
    VOICE_API_KEY: apiKey,
    VOICE_API_SECRET: apiSecret,
    VOICE_APP_ID: appId,
  };
}
