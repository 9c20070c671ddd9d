import { VoicecallError } from '../errors.ts';

export type StoreProblem = 'locked' | 'read_only' | 'full' | 'connection';

export interface StoreFault {
  problem: StoreProblem;
  /** True if nothing was stored and the same work may succeed a moment later. */
  passing: boolean;
}

// SQLite's primary result codes: https://www.sqlite.org/rescode.html
const sqliteFaults = new Map<number, StoreFault>([
  [5, { problem: 'locked', passing: true }],
  [6, { problem: 'locked', passing: true }],
  [8, { problem: 'read_only', passing: false }],
  [10, { problem: 'connection', passing: false }],
  [13, { problem: 'full', passing: false }],
  [14, { problem: 'connection', passing: false }],
]);

// PostgreSQL's SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
const postgresFaults = new Map<string, StoreFault>([
  ['40001', { problem: 'locked', passing: true }],
  ['40P01', { problem: 'locked', passing: true }],
  ['55P03', { problem: 'locked', passing: true }],
  ['57014', { problem: 'locked', passing: false }],
  ['25006', { problem: 'read_only', passing: false }],
  ['53100', { problem: 'full', passing: false }],
  ['25P03', { problem: 'connection', passing: true }],
  ['53300', { problem: 'connection', passing: true }],
  ['57P01', { problem: 'connection', passing: true }],
  ['57P02', { problem: 'connection', passing: true }],
  ['57P03', { problem: 'connection', passing: true }],
  ['28P01', { problem: 'connection', passing: false }],
  ['28000', { problem: 'connection', passing: false }],
  ['3D000', { problem: 'connection', passing: false }],
]);

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const addressCodes = new Set(['ENOTFOUND', 'EAI_AGAIN']);

// pg reports a lost connection without a code, by these messages.
const lostConnection =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|connection has been discarded|cannot use a pool after/i;

/** What a database error means for the caller. Undefined if the fault is in the query or the data. */
export function storeFault(error: unknown): StoreFault | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof VoicecallError)
    return error.code === 'store_unavailable' ? storeFault(error.cause) : undefined;
  if (error instanceof AggregateError) {
    for (const each of error.errors) {
      const fault = storeFault(each);
      if (fault !== undefined) return fault;
    }
  }
  if ('errcode' in error && typeof error.errcode === 'number') return sqliteFaults.get(error.errcode & 0xff);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = postgresFaults.get(code);
  if (known !== undefined) return known;
  if (code.startsWith('08') || socketCodes.has(code) || addressCodes.has(code)) {
    return { problem: 'connection', passing: true };
  }
  if (lostConnection.test(error.message)) return { problem: 'connection', passing: true };
  return undefined;
}

const sentences: Record<StoreProblem, string> = {
  locked: 'The database is locked by another process.',
  read_only: 'The database cannot be written to.',
  full: 'The disk of the database is full.',
  connection: 'The database cannot be reached.',
};

/** The error for a fault of the database itself. `ambiguous`: the commit may have succeeded. */
export function storeUnavailable(fault: StoreFault, cause: unknown, ambiguous = false): VoicecallError {
  if (cause instanceof VoicecallError && !ambiguous) return cause;
  return new VoicecallError('store_unavailable', sentences[fault.problem], {
    cause,
    facts: { problem: fault.problem, ...(ambiguous ? { stored: 'unknown' } : {}) },
  });
}
