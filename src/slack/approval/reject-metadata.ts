import { z } from 'zod';

const rejectMetadata = z.object({ requestId: z.string(), seen: z.string().nullable() });

/** Which request the reject modal is about, and what of it was seen. Throws where it is not ours. */
export function readRejectMetadata(text: string): z.infer<typeof rejectMetadata> {
  return rejectMetadata.parse(JSON.parse(text));
}
