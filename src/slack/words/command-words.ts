/**
 * The subcommands of `/voicecall`. A recording may not have one of these names, because the command would not find
 * it.
 */
export const commandWords: readonly string[] = [
  'help',
  'status',
  'history',
  'cancel',
  'rules',
  'lists',
  'me',
  'recordings',
  'oncall',
];
