import { type Measurement, megabytes, ms, type Row } from '../figures.ts';
import { fill, messagesOf, numberOf, posts, type Stage, soon, startStage } from '../stage.ts';

/** 200 callees typed into the modal. */
export const twoHundred: Measurement = {
  name: '200',
  async run() {
    const stage = await startStage({ config: 'voice: { submit: { concurrency: 1, perSecond: 1000 } }\n' });
    try {
      const numbers = Array.from({ length: 200 }, (_, index) => numberOf(index).replaceAll(' ', ''));
      const modal = await fill(stage, { callee: numbers.join('\n') });
      const startedAt = performance.now();
      await modal.submit();
      await until(() => messagesOf(stage, 'C0OPS', 'voicecall_results').length > 0, 'the results');
      const took = performance.now() - startedAt;
      const count = posts(stage);
      return [
        {
          what: '200 callees, one recording: POSTs',
          voicecall: String(count),
          wanted: '1',
          met: count === 1,
        },
        { what: '200 callees: Submit → results in the thread', voicecall: ms(took), wanted: '' },
      ];
    } finally {
      await stage.stop();
    }
  },
};

async function until(isTrue: () => boolean, what: string): Promise<void> {
  if ((await soon(() => (isTrue() ? true : undefined), 120_000)) === undefined) {
    throw new Error(`not within two minutes: ${what}`);
  }
}

function boardState(stage: Stage): unknown {
  return messagesOf(stage, 'C0OPS', 'voicecall_request').at(-1)?.metadata?.event_payload.state;
}

/** 10,000 callees from a file, sent at ten submissions a second, with a report for each. */
export const tenThousand: Measurement = {
  name: '10000',
  async run() {
    const stage = await startStage({
      config: 'voice: { submit: { concurrency: 1, perSecond: 10 } }\nlimits: { calleesPerRequest: 10000 }\n',
      // Calls are queued for long, so that reports come after everything is sent. This separates the cost of sending
      // from that of reports.
      voice: { queueMs: 9_000, report: { form: 'array', gatherMs: 20 } },
    });
    try {
      const { app, slack } = stage;
      // The first request of all loads code that later ones share.
      await (await fill(stage, { callee: numberOf(99_999) })).submit();
      await until(() => boardState(stage) === 'done', 'the first request is done');
      const lines = Array.from({ length: 10_000 }, (_, index) => `${numberOf(index)};Person ${index}`);
      const file = slack.uploadFile('U0ASHA', 'people.csv', `phone;name\n${lines.join('\n')}\n`);
      const before = { posts: posts(stage), calls: slack.state.callsLog.length };
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const idle = app.memory();
      const cpuBefore = app.cpuSeconds();
      app.forgetPeak();
      const startedAt = performance.now();
      await (await fill(stage, { file: [file.id] })).submit();
      await until(() => posts(stage) - before.posts >= 50 && boardState(stage) !== 'sending', 'all is sent');
      const cpuSent = app.cpuSeconds() - cpuBefore;
      await until(() => boardState(stage) === 'done', 'all is reported');
      const filesOf = () =>
        [...slack.state.files.values()].filter((each) => each.user === 'U0VOICECALL').length;
      await until(() => filesOf() >= 1, 'the CSV');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const took = performance.now() - startedAt - 3_000;
      const cpu = app.cpuSeconds() - cpuBefore;
      const more = app.peakMemory() - idle;
      const calls = slack.state.callsLog.slice(before.calls);
      const count = posts(stage) - before.posts;
      return rowsOf({ count, cpuSent, tookMs: took, cpu, memory: more, slackCalls: calls.length });
    } finally {
      await stage.stop();
    }
  },
};

function rowsOf({
  count,
  cpuSent,
  tookMs,
  cpu,
  memory,
  slackCalls,
}: {
  /** POSTs to the platform. */
  count: number;
  /** Processor time until all is sent, s. */
  cpuSent: number;
  tookMs: number;
  /** Processor time until all is reported, s. */
  cpu: number;
  /** Bytes at the peak, more than idle. */
  memory: number;
  slackCalls: number;
}): Row[] {
  return [
    {
      what: '10,000 callees from a file: POSTs',
      voicecall: String(count),
      wanted: '50',
      met: count === 50,
    },
    {
      what: '10,000 callees: processor time of the app until all is sent',
      voicecall: `${cpuSent.toFixed(2)} s`,
      wanted: '≤ 1.5 s',
      met: cpuSent <= 1.5,
    },
    {
      what: `the same, with 10,000 delivery reports (all done after ${(tookMs / 1000).toFixed(1)} s)`,
      voicecall: `${cpu.toFixed(2)} s`,
      wanted: '≤ 3 s',
      met: cpu <= 3,
    },
    {
      what: '10,000 callees: memory at its peak, more than idle',
      voicecall: megabytes(memory),
      wanted: '≤ 60 MB',
      met: memory <= 60e6,
    },
    {
      what: '10,000 callees: calls of Slack, all in all',
      voicecall: String(slackCalls),
      wanted: '≤ 15',
      met: slackCalls <= 15,
    },
  ];
}
