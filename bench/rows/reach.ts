// The cost of a further attempt, and how soon after its due time it is sent.
import { setTimeout as wait } from 'node:timers/promises';
import { type Measurement, ms, quantile, type Row } from '../figures.ts';
import { fill, messagesOf, numberOf, posts, type Stage, soon, startStage } from '../stage.ts';

const everyMs = 1_000;

/** From the report of a busy line to the POST of the next attempt, minus the configured pause. */
export const nextAttempt: Measurement = {
  name: 'attempt',
  async run({ quick }) {
    const stage = await startStage({
      config: `voice: { submit: { concurrency: 1, perSecond: 1000 } }\nreach: { attempts: 2, every: ${everyMs / 1000}s }\n`,
    });
    try {
      const reported = new Map<string, number>();
      const late: number[] = [];
      const stop = stage.voice.onChange((change) => {
        if (change.kind === 'report')
          for (const voiceId of change.report.voiceIds) {
            const callee = stage.voice.calls.find((each) => each.voiceId === voiceId)?.callee ?? '';
            if (!reported.has(callee)) reported.set(callee, performance.now());
          }
        if (change.kind !== 'call' || change.call.state !== 'queued') return;
        const at = reported.get(change.call.callee);
        if (at !== undefined) late.push(performance.now() - at - everyMs);
      });
      stage.voice.setBehaviour({
        phones: Object.fromEntries(Array.from('0123456789', (digit) => [digit, 'busy' as const])),
      });
      const times = quick ? 30 : 100;
      for (let index = 0; index < times; index++) {
        // Numbers that end in 0001 to 0005 have endings of their own in the sandbox.
        await (await fill(stage, { callee: numberOf(100 + index) })).submit();
        await wait(50);
      }
      await soon(() => (late.length >= times ? true : undefined), 20_000);
      stop();
      const half = quantile(late, 0.5);
      return [
        {
          what: `report stored → POST of the next attempt, after it is due (${late.length} times), p50`,
          voicecall: ms(half),
          wanted: '≤ 50 ms',
          met: half <= 50 && late.length === times,
        },
        { what: 'the same, p99', voicecall: ms(quantile(late, 0.99)), wanted: '' },
      ];
    } finally {
      await stage.stop();
    }
  },
};

function board(stage: Stage): Record<string, unknown> {
  return messagesOf(stage, 'C0OPS', 'voicecall_request').at(-1)?.metadata?.event_payload ?? {};
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  if ((await soon(() => (isTrue() ? true : undefined), 180_000)) === undefined) {
    throw new Error(`not within three minutes: ${what}`);
  }
}

/** 10,000 callees, of whom 3,000 do not answer, and one further attempt. */
export const furtherAttempt: Measurement = {
  name: 'reach',
  async run() {
    const stage = await startStage({
      config:
        'voice: { submit: { concurrency: 1, perSecond: 10 } }\nlimits: { calleesPerRequest: 10000 }\nreach: { attempts: 2, every: 1m }\n',
      voice: {
        queueMs: 9_000,
        // Numbers with the sandbox's special endings answer here like all others.
        phones: { '0': 'busy', '1': 'busy', '2': 'busy', '0003': 'wait', '0004': 'wait', '0005': 'wait' },
        report: { form: 'array', gatherMs: 20 },
      },
    });
    try {
      const { app, slack } = stage;
      await (await fill(stage, { callee: numberOf(99_999) })).submit();
      await until(() => board(stage).state === 'done', 'the first request is done');
      const lines = Array.from({ length: 10_000 }, (_, index) => `${numberOf(index)};Person ${index}`);
      const file = slack.uploadFile('U0ASHA', 'people.csv', `phone;name\n${lines.join('\n')}\n`);
      const before = { posts: posts(stage), calls: slack.state.callsLog.length };
      await wait(1_000);
      const cpuBefore = app.cpuSeconds();
      await (await fill(stage, { file: [file.id] })).submit();
      await until(() => posts(stage) - before.posts >= 50, 'all is sent');
      await until(() => posts(stage) - before.posts >= 65, 'the further attempt is sent');
      await until(() => board(stage).state === 'done', 'all is reported');
      await wait(3_000);
      const cpu = app.cpuSeconds() - cpuBefore;
      const count = posts(stage) - before.posts;
      const calls = slack.state.callsLog.length - before.calls;
      const rows: Row[] = [
        {
          what: '10,000 callees, 3,000 of them busy, one further attempt: POSTs more',
          voicecall: String(count - 50),
          wanted: '15',
          met: count === 65,
        },
        {
          what: 'the same: processor time of the app, from Submit to the last report',
          voicecall: `${cpu.toFixed(2)} s`,
          wanted: '≤ 3 s',
          met: cpu <= 3,
        },
        {
          what: 'the same: calls of Slack, all in all',
          voicecall: String(calls),
          wanted: '≤ 25',
          met: calls <= 25,
        },
      ];
      return rows;
    } finally {
      await stage.stop();
    }
  },
};
