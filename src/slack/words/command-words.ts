/** What `/voicecall` reads as a subcommand. Nothing else is named like one: it could not be called by its name. */
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
