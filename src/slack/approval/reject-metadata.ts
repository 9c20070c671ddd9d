import { z } from 'zod';

const rejectMetadata = z.object({ requestId: z.string(), seen: z.string().nullable() });

/**
 * Reads the reject modal's private_metadata: the request's id, and what the approver saw. Throws if the text is not
 * ours.
 */
export function readRejectMetadata(text: string): z.infer<typeof rejectMetadata> {
  return rejectMetadata.parse(JSON.parse(text));
}
