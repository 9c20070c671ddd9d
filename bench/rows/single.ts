// The time that one person waits: from the press of a button, or an alert's message, to the POST that calls.
import { setTimeout as wait } from 'node:timers/promises';
import type { SandboxMessage } from '../../sandbox/slack/types.ts';
import { LeftOut, type Measurement, ms, quantile, type Row } from '../figures.ts';
import { fill, numberOf, recording, type Stage, soon, startStage, untilPost } from '../stage.ts';

const quickPlatform = 'voice: { submit: { concurrency: 1, perSecond: 1000 } }\n';
const wantedP50 = 10;
const wantedP99 = 30;

function rowsOf(
  what: string,
  times: readonly number[],
  p50 = wantedP50,
  p99: number | null = wantedP99,
): Row[] {
  const [half, most] = [quantile(times, 0.5), quantile(times, 0.99)];
  return [
    {
      what: `${what} (${times.length} times), p50`,
      voicecall: ms(half),
      wanted: `≤ ${p50} ms`,
      met: half <= p50,
    },
    p99 === null
      ? { what: 'the same, p99', voicecall: ms(most), wanted: '' }
      : { what: 'the same, p99', voicecall: ms(most), wanted: `≤ ${p99} ms`, met: most <= p99 },
  ];
}

async function timed(stage: Stage, act: () => unknown): Promise<number> {
  const took = await untilPost(stage, act);
  if (took === undefined) throw new Error('no POST came within 3 s');
  return took;
}

/** The first few are not counted: afterwards the program is compiled, as on a server. */
const warmUp = 20;

/** The pause between two, ms: by then the one before is answered, and its board and results are being written. */
const pauseMs = 50;

/** The second view's Submit → POST, one request with one callee at a time, on SQLite. */
export const submit: Measurement = {
  name: 'submit',
  async run({ quick }) {
    const stage = await startStage({ config: quickPlatform });
    try {
      const times: number[] = [];
      for (let index = 0; index < warmUp + (quick ? 50 : 200); index++) {
        const modal = await fill(stage, { callee: numberOf(index) });
        await wait(pauseMs);
        times.push(await timed(stage, modal.submit));
      }
      return rowsOf('Submit → POST on the wire, SQLite', times.slice(warmUp));
    } finally {
      await stage.stop();
    }
  },
};

/** Slack takes one message a second in a channel, so 200 cards are spread over forty channels. */
const channels = Array.from({ length: 40 }, (_, index) => `C0BENCH${index}`);

function addChannels(stage: Stage): void {
  const like = stage.slack.state.channels.get('C0OPS');
  if (like === undefined) throw new Error('the sandbox has no C0OPS');
  for (const id of channels) {
    stage.slack.state.channels.set(id, { ...like, id, name: id.toLowerCase(), members: [...like.members] });
  }
}

function cardsOf(stage: Stage): SandboxMessage[] {
  return channels
    .flatMap((channel) => stage.slack.history(channel))
    .filter((each) => JSON.stringify(each.blocks ?? []).includes('"call_approve"'));
}

/** Approve → POST, one request with one callee at a time, on SQLite. */
export const approve: Measurement = {
  name: 'approve',
  async run({ quick }) {
    const stage = await startStage({
      config: `${quickPlatform}approval: { calleesOver: 0, approvers: [U0BEN] }\n`,
    });
    try {
      addChannels(stage);
      const count = warmUp + (quick ? 40 : 200);
      for (let index = 0; index < count; index++) {
        const modal = await fill(stage, { callee: numberOf(index) }, channels[index % channels.length]);
        await modal.submit();
      }
      const cards = await soon(() => {
        const found = cardsOf(stage);
        return found.length >= count ? found : undefined;
      }, 40_000);
      if (cards === undefined)
        throw new Error(`${cardsOf(stage).length} of ${count} approval cards appeared`);
      const times: number[] = [];
      for (const card of cards) {
        await wait(pauseMs);
        times.push(
          await timed(stage, () => stage.slack.press('U0BEN', card.channel, card.ts, 'call_approve')),
        );
      }
      return rowsOf('Approve → POST on the wire, SQLite', times.slice(warmUp));
    } finally {
      await stage.stop();
    }
  },
};

/** An alert's message → POST, on SQLite; the rule plays a recording. */
export const alert: Measurement = {
  name: 'alert',
  async run({ quick }) {
    const stage = await startStage({
      config: `${quickPlatform}recordings: { fire-drill: ${recording} }
lists: { db-oncall: ["+91 85632 14120"] }
rules: [{ name: hosts, channels: [C0ALERTS], match: { severity: [critical] }, call: [db-oncall], recording: fire-drill }]
`,
    });
    try {
      const times: number[] = [];
      for (let index = 0; index < warmUp + (quick ? 50 : 200); index++) {
        await wait(pauseMs);
        const took = await untilPost(stage, () =>
          stage.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', alertMessage(index)),
        );
        if (took === undefined) throw new LeftOut('no POST came within 3 s of an alert');
        times.push(took);
      }
      return rowsOf('alert event → POST on the wire, SQLite', times.slice(warmUp));
    } finally {
      await stage.stop();
    }
  },
};

/** A critical alert as Alertmanager's default template posts it. Each index is a separate alert. */
export function alertMessage(index: number): { text: string; attachments: Record<string, unknown>[] } {
  const title = `[FIRING:1] HostDown host-${index} (prod critical)`;
  const link = `https://alerts.example.org/host-${index}`;
  return {
    text: '',
    attachments: [{ color: 'danger', title, title_link: link, fallback: `${title} | ${link}` }],
  };
}

/** Submit → POST with two instances on one PostgreSQL; the requests go to each in turn. */
export const twoInstances: Measurement = {
  name: 'postgres',
  async run({ quick }) {
    if (process.env.TEST_DATABASE_URL === undefined) {
      throw new LeftOut('TEST_DATABASE_URL is not set (an administrator’s URL of a PostgreSQL server)');
    }
    const { createTestDatabase } = await import('../../test/support/store.ts');
    const database = await createTestDatabase('postgres');
    try {
      const stage = await startStage({
        config: quickPlatform,
        instances: 2,
        env: { DATABASE_URL: database.databaseUrl ?? '' },
      });
      try {
        const times: number[] = [];
        for (let index = 0; index < warmUp + (quick ? 30 : 100); index++) {
          const app = stage.apps[index % stage.apps.length];
          if (app !== undefined) stage.face(app);
          const modal = await fill(stage, { callee: numberOf(index) });
          await wait(pauseMs);
          times.push(await timed(stage, modal.submit));
        }
        return rowsOf('Submit → POST, two instances on PostgreSQL', times.slice(warmUp), 25, null);
      } finally {
        await stage.stop();
      }
    } finally {
      await database.remove();
    }
  },
};
