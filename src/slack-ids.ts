// Slack's ids, as the configuration, Slack's text and its API write them.

const afterLetter = '[A-Z0-9]{2,}';
/** A person's id. Enterprise Grid has W… beside U…. */
const user = new RegExp(`^[UW]${afterLetter}$`);
const group = new RegExp(`^S${afterLetter}$`);

/** The id of a Slack user (U…, W…) or user group (S…). */
export const memberIdPattern = new RegExp(`^[UWS]${afterLetter}$`);
/** The id of a public or private channel. */
export const channelIdPattern = new RegExp(`^[CG]${afterLetter}$`);

export function isUserId(text: string): boolean {
  return user.test(text);
}

export function isGroupId(text: string): boolean {
  return group.test(text);
}

/** True for a user or a user group. */
export function isMemberId(text: string): boolean {
  return memberIdPattern.test(text);
}

export function isChannelId(text: string): boolean {
  return channelIdPattern.test(text);
}
