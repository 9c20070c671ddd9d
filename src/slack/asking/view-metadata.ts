import { z } from 'zod';

const callMetadata = z.object({
  /** The version of this shape, because a modal can stay open while the app is updated. */
  v: z.literal(1).default(1),
  /** The channel in which the modal was opened. */
  channelId: z.string().nullable().default(null),
  /** The thread for the results, if the modal was opened from a message. */
  threadTs: z.string().nullable().default(null),
  /** The request that is repeated. */
  previousId: z.string().nullable().default(null),
  /** True if the options are shown. */
  options: z.boolean().default(false),
  /** How many people the repeated request would call again; null if none is repeated. */
  again: z.number().int().nullable().default(null),
  /** True: if nobody is named in the form, the repeated request's callees are called. */
  refill: z.boolean().default(false),
});

/** The private_metadata of the call modal: ids only, never a phone number. */
export type CallMetadata = z.infer<typeof callMetadata>;

/** Reads private_metadata. Unreadable text counts as empty. */
export function readCallMetadata(text: string): CallMetadata {
  const parsed = callMetadata.safeParse(parseOrEmpty(text));
  return parsed.success ? parsed.data : callMetadata.parse({});
}

export function writeCallMetadata(metadata: Partial<CallMetadata>): string {
  return JSON.stringify(callMetadata.parse(metadata));
}

function parseOrEmpty(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
