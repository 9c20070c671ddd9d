// Alerts that a tool posts to us: the time from its POST to the POST that calls, and a storm of them.
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../sandbox/free-port.ts';
import { LeftOut, type Measurement, ms, quantile } from '../figures.ts';
import { posts, recording, type Stage, startStage, untilPost } from '../stage.ts';
import { eventLoopDelay } from './storm.ts';

const token = 'bench-source-token-01';
const env = { SOURCE_PROMETHEUS_TOKEN: token };
const config = `voice: { submit: { concurrency: 1, perSecond: 1000 } }
recordings: { fire-drill: ${recording} }
lists: { db-oncall: ["+91 85632 14120"] }
limits: { callsPerHour: 100000 }
sources: { prometheus: { format: alertmanager, channel: C0ALERTS } }
rules: [{ name: hosts, sources: [prometheus], match: { severity: [critical] }, call: [db-oncall], recording: fire-drill }]
`;
const warmUp = 20;
const pauseMs = 50;

/** An Alertmanager group with one alert. Each index is a separate group. */
async function postAlert(stage: Stage, index: number): Promise<void> {
  const alertname = `HostDown${index}`;
  const labels = { alertname, severity: 'critical', instance: `host-${index}` };
  const body = {
    ...{ version: '4', groupKey: `{}:{alertname="${alertname}"}`, status: 'firing', receiver: 'voicecall' },
    ...{ groupLabels: { alertname }, commonLabels: labels, commonAnnotations: {}, externalURL: 'http://am' },
    alerts: [
      {
        ...{ status: 'firing', labels, annotations: {}, fingerprint: String(index) },
        ...{ startsAt: new Date().toISOString(), endsAt: '0001-01-01T00:00:00Z' },
      },
    ],
  };
  const answer = await fetch(`http://127.0.0.1:${stage.app.port}/alerts/prometheus`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (answer.status !== 202) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

/** POST /alerts → POST, one at a time, on SQLite. */
export const posted: Measurement = {
  name: 'posted',
  async run({ quick }) {
    const stage = await startStage({ config, env });
    try {
      const times: number[] = [];
      for (let index = 0; index < warmUp + (quick ? 50 : 200); index++) {
        await wait(pauseMs);
        const took = await untilPost(stage, () => postAlert(stage, index));
        if (took === undefined) throw new LeftOut('no POST came within 3 s of an alert');
        times.push(took);
      }
      const counted = times.slice(warmUp);
      const [half, most] = [quantile(counted, 0.5), quantile(counted, 0.99)];
      return [
        {
          what: `POST /alerts → POST on the wire, SQLite (${counted.length} times), p50`,
          ...{ voicecall: ms(half), wanted: '≤ 10 ms', met: half <= 10 },
        },
        { what: 'the same, p99', voicecall: ms(most), wanted: '≤ 30 ms', met: most <= 30 },
      ];
    } finally {
      await stage.stop();
    }
  },
};

const keys = 100;
const perMinute = 10_000;

/** 10,000 posts a minute for 100 alerts, during 12 s; with `--quick` during three seconds. */
export const postedStorm: Measurement = {
  name: 'posted-storm',
  async run({ quick }) {
    const count = quick ? 500 : 2_000;
    const metricsPort = await freePort();
    const stage = await startStage({ config, env: { ...env, METRICS_PORT: String(metricsPort) } });
    try {
      await postAlert(stage, 0);
      await wait(3_000);
      await eventLoopDelay(metricsPort);
      const startedAt = performance.now();
      const answers: Promise<void>[] = [];
      for (let index = 1; index < count; index++) {
        answers.push(postAlert(stage, index % keys));
        await wait(Math.max(0, startedAt + (index * 60_000) / perMinute - performance.now()));
      }
      await Promise.all(answers);
      await wait(2_000);
      const delay = await eventLoopDelay(metricsPort);
      const requests = posts(stage);
      return [
        {
          what: `${count} posts at ${perMinute} a minute, ${keys} alerts: requests`,
          ...{ voicecall: String(requests), wanted: String(keys), met: requests === keys },
        },
        {
          what: 'the same, event-loop delay p99',
          ...{ voicecall: delay === null ? 'no metrics' : ms(delay), wanted: '≤ 25 ms' },
          met: delay !== null && delay <= 25,
        },
      ];
    } finally {
      await stage.stop();
    }
  },
};
