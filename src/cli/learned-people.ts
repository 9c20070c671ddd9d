import { z } from 'zod';

/** What the app last learned from Slack about a person or a user group, as `learned_people` stores it. */
export type Learned = z.infer<typeof bodySchema>;

const bodySchema = z.object({
  name: z.string().optional(),
  phone: z.string().optional(),
  members: z.array(z.string()).optional(),
});

export function readLearned(body: string): Learned {
  return bodySchema.parse(JSON.parse(body));
}
