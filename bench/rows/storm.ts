import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../sandbox/free-port.ts';
import { LeftOut, type Measurement, ms } from '../figures.ts';
import { posts, recording, startStage } from '../stage.ts';
import { alertMessage } from './single.ts';

const keys = 100;
const perMinute = 10_000;

/** Alert messages at 10,000 a minute for 100 keys, during 12 s; with `--quick` during one second. */
export const storm: Measurement = {
  name: 'storm',
  async run({ quick }) {
    const count = quick ? 500 : 2_000;
    const metricsPort = await freePort();
    const stage = await startStage({
      env: { METRICS_PORT: String(metricsPort) },
      config: `voice: { submit: { concurrency: 1, perSecond: 1000 } }
recordings: { fire-drill: ${recording} }
lists: { db-oncall: ["+91 85632 14120"] }
rules: [{ name: hosts, channels: [C0ALERTS], match: { severity: [critical] }, call: [db-oncall], recording: fire-drill }]
`,
    });
    try {
      await eventLoopDelay(metricsPort);
      const callsBefore = stage.slack.state.callsLog.length;
      const startedAt = performance.now();
      for (let index = 0; index < count; index++) {
        stage.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', alertMessage(index % keys));
        if (index === 0) {
          await wait(3_000);
          if (posts(stage) === 0) throw new LeftOut('no POST came within 3 s of an alert');
        }
        const due = startedAt + 3_000 + (index * 60_000) / perMinute;
        await wait(Math.max(0, due - performance.now()));
      }
      await stage.slack.settled();
      await wait(1_000);
      const delay = await eventLoopDelay(metricsPort);
      const requests = posts(stage);
      const calls = stage.slack.state.callsLog.length - callsBefore;
      const what = `${count} alert messages at ${perMinute} a minute, ${keys} keys`;
      return [
        {
          what: `${what}: requests`,
          voicecall: String(requests),
          wanted: String(keys),
          met: requests === keys,
        },
        delay === null
          ? { what: 'the same, event-loop delay p99', voicecall: 'no metrics', wanted: '≤ 25 ms' }
          : {
              what: 'the same, event-loop delay p99',
              voicecall: ms(delay),
              wanted: '≤ 25 ms',
              met: delay <= 25,
            },
        {
          what: 'the same, calls of Slack meanwhile',
          voicecall: String(calls),
          wanted: '≤ 300',
          met: calls <= 300,
        },
      ];
    } finally {
      await stage.stop();
    }
  },
};

/** The p99 since the last query, ms. Null if the app serves no metrics. */
export async function eventLoopDelay(port: number): Promise<number | null> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => null);
  if (answer?.ok !== true) return null;
  const found = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await answer.text());
  return found === null ? null : Number(found[1]) * 1000;
}
