import { within } from '../../clock.ts';
import { channelAccess } from '../client/channel-access.ts';
import { slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';

/** Slack waits 3 s for the answer to Submit. This check may take half of that. */
const patienceMs = 1_500;

/**
 * Null if the app can write into a channel, else a sentence that says what to do. If Slack does not answer in time,
 * returns null: should the channel be closed, the results go to the person who asked.
 */
export async function checkChannel(deps: SlackDeps, channelId: string): Promise<string | null> {
  return await within(deps.clock, patienceMs, ask(deps, channelId), null);
}

async function ask(deps: SlackDeps, channelId: string): Promise<string | null> {
  const access = await channelAccess(deps.urgent, channelId);
  switch (access.kind) {
    case 'open':
      return null;
    case 'archived':
      return `#${access.name} is archived. Choose another channel.`;
    case 'outside':
      return `Voicecall is not in #${access.name}. Type /invite @Voicecall there, then press the button again.`;
    case 'unseen':
      return 'Voicecall cannot see this channel. Type /invite @Voicecall there, then press the button again.';
    case 'unknown':
      deps.log.warn({ channelId, failure: slackFailure(access.error) }, 'a channel could not be checked');
      return null;
  }
}
