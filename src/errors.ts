/** Everything that can go wrong, by name. The words for people are in one table: slack/words/error-words.ts. */
export type ErrorCode =
  | 'config'
  | 'not_found'
  | 'not_allowed'
  | 'already_decided'
  | 'changed'
  | 'bad_transition'
  | 'store_newer'
  | 'store_unavailable'
  | 'slack_unavailable'
  | 'voice_unavailable'
  | 'voice_refused'
  | 'internal';

/** The error's message, and that of its first cause: a failed fetch or connection says there what went wrong. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  let first: Error = error;
  for (let depth = 0; depth < 5 && first.cause instanceof Error; depth++) first = first.cause;
  const why = first.message || ('code' in first ? String(first.code) : first.name);
  if (first === error) return why;
  return error.message === '' || error.message.includes(why)
    ? error.message || why
    : `${error.message}: ${why}`;
}

/**
 * The only error class of Voicecall: a code for the table of words, facts for the sentence, the cause for the log.
 */
export class VoicecallError extends Error {
  readonly code: ErrorCode;
  readonly facts: Record<string, string>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; facts?: Record<string, string> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VoicecallError';
    this.code = code;
    this.facts = options.facts ?? {};
  }
}
