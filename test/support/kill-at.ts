// Loaded before the app in a child process (NODE_OPTIONS=--import). Counts the moments around every outgoing request
// and every commit, writes each to KILL_LOG, and kills its own process at number KILL_AT.
import { channel } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

const killAt = Number(process.env.KILL_AT ?? 0);
const log = process.env.KILL_LOG;
let moments = 0;

function moment(what: string): void {
  moments += 1;
  if (log !== undefined) appendFileSync(log, `${what}\n`);
  if (moments === killAt) process.kill(process.pid, 'SIGKILL');
}

// Both undici and Node's own fetch publish these: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
const around = { create: 'before', bodySent: 'sent', headers: 'answered', trailers: 'after' } as const;
for (const [event, when] of Object.entries(around)) {
  channel(`undici:request:${event}`).subscribe((message) => {
    const { request } = message as { request: { method: string; path: string } };
    moment(`${when} ${request.method} ${request.path.split('?')[0]}`);
  });
}

const prepare = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (sql) {
  const statement = prepare.call(this, sql);
  if (sql !== 'commit') return statement;
  const run = statement.run.bind(statement);
  return Object.assign(statement, {
    run() {
      moment('before commit');
      const result = run();
      moment('after commit');
      return result;
    },
  });
};

const query = pg.Client.prototype.query as (...parameters: unknown[]) => unknown;
// The app awaits the commit and never passes a callback.
Object.assign(pg.Client.prototype, {
  query(this: pg.Client, ...parameters: unknown[]) {
    const [first] = parameters;
    const text = typeof first === 'string' ? first : (first as { text?: string } | null)?.text;
    if (text !== 'commit') return query.apply(this, parameters);
    moment('before commit');
    const answer = query.apply(this, parameters) as Promise<unknown>;
    return answer.then((result) => {
      moment('after commit');
      return result;
    });
  },
});
