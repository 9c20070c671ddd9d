import { z } from 'zod';

export const milliseconds = z.int().min(0);

/** How reports are pushed. A missing field means the documented form. */
export const reportSchema = z.strictObject({
  /** One object, {"array":[…]} or a bare array. The last two contain what ends within `gatherMs`. */
  form: z.enum(['single', 'array', 'bare']).optional(),
  gatherMs: milliseconds.optional(),
  /**
   * sip: terminationCode 200 means answered. zero: "0" means answered, with sipCode beside it. Both are documented.
   */
  codes: z.enum(['sip', 'zero']).optional(),
  /** The value for a stage that was not reached. */
  notReached: z.enum(['null', 'zero', 'absent']).optional(),
  intsAsStrings: z.boolean().optional(),
  /**
   * Newer accounts have this field. For a voicemail it is always sent, because nothing else distinguishes it from an
   * answer.
   */
  callStatus: z.boolean().optional(),
  delayMs: milliseconds.optional(),
  /** 2: every report comes twice. 0: no report comes. */
  copies: z.int().min(0).max(10).optional(),
  /** reversed: reports gathered within `gatherMs` are sent in reverse order. */
  order: z.enum(['as-it-happened', 'reversed']).optional(),
  /** First reports a failed first attempt (outRecallCount 0), then the result (outRecallCount 1). */
  recalled: z.boolean().optional(),
  retries: z.int().min(0).max(1_000).optional(),
  retryAfterMs: milliseconds.optional(),
});

export type ReportBehaviour = z.infer<typeof reportSchema>;
