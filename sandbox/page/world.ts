import type { SandboxSlack } from '../slack/types.ts';
import type { Names } from './library.ts';

/** For whom and in which channel something is drawn. */
export interface View {
  readonly slack: SandboxSlack;
  /** The id of the acting user. */
  readonly me: string;
  /** The channel on the screen. A select that starts with the current conversation takes it. */
  readonly channel: string;
}

/** Names for mentions, as they are now in the workspace. */
export function namesIn(slack: SandboxSlack): Names {
  const { users, channels, usergroups } = slack.state;
  return {
    users: [...users.values()].map((user) => ({ id: user.id, name: user.profile.display_name || user.name })),
    channels: [...channels.values()].map(({ id, name }) => ({ id, name })),
    user_groups: [...usergroups.values()].map(({ id, name, handle }) => ({ id, name, handle })),
  };
}

/** The people whom a visitor can act as: no bots, no deleted users, nobody of another workspace. */
export function peopleIn(slack: SandboxSlack): { id: string; name: string }[] {
  return [...slack.state.users.values()]
    .filter((user) => !user.is_bot && !user.deleted && user.team_id === slack.state.team.id)
    .map((user) => ({ id: user.id, name: user.real_name || user.name }));
}

/** A channel's name on the page. */
export function channelTitle(slack: SandboxSlack, channel: { name: string; is_im: boolean }): string {
  if (!channel.is_im) return channel.name;
  // In the sandbox, all direct messages are with the app.
  return slack.state.app.name;
}
