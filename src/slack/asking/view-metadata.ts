import { z } from 'zod';

const callMetadata = z.object({
  /** Version of this shape: a modal can stay open over an update of the app. */
  v: z.literal(1).default(1),
  /** Where the person was when the modal opened. */
  channelId: z.string().nullable().default(null),
  /** The thread for the results, where the modal was opened on a message. */
  threadTs: z.string().nullable().default(null),
  /** The request that is asked for again. */
  previousId: z.string().nullable().default(null),
  /** Whether the options are shown. */
  options: z.boolean().default(false),
  /** How many people the repeated request would call again; null: it repeats none. */
  again: z.number().int().nullable().default(null),
  /** True: with the callee field left empty, its callees are meant. */
  refill: z.boolean().default(false),
});

/** What the call modal carries in private_metadata: ids alone, never a number. */
export type CallMetadata = z.infer<typeof callMetadata>;

/** Reads private_metadata; what cannot be read counts as empty. */
export function readCallMetadata(text: string): CallMetadata {
  const parsed = callMetadata.safeParse(parseOrEmpty(text));
  return parsed.success ? parsed.data : callMetadata.parse({});
}

/** Writes private_metadata. */
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
