import type { z } from 'zod';

/**
 * The platform refuses a request. `violation`: a correct client never sends such a request, whatever its settings.
 */
export class Refusal extends Error {
  readonly code: string;
  readonly violation: boolean;

  constructor(code: string, message: string, violation = false) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.violation = violation;
  }
}

/** The parsed body. Anything else is refused with -22 and is the client's mistake. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new Refusal('-22', faults.join('; '), true);
}
