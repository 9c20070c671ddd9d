// The cost of reports that match no call of ours, because other programs may share the platform's account.
import { get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type Measurement, ms } from '../figures.ts';
import { reportUrl, type Stage, startStage } from '../stage.ts';

const foreign = (name: string, index: number) => ({
  ...{ voiceId: `${name}${index}`, callee: `4915${String(index).padStart(8, '0')}` },
  ...{ terminationCode: '200', hangupTime: 1_764_000_030_000, callDuration: 5 },
});

async function push(stage: Stage, body: string): Promise<void> {
  const response = await fetch(reportUrl(stage), { method: 'POST', body });
  if (response.status !== 200) throw new Error(`a push was answered with ${response.status}`);
  await response.text();
}

/** Waits until the app has been idle for half a second. */
async function untilQuiet(stage: Stage): Promise<void> {
  for (let before = -1; ; await wait(500)) {
    const now = stage.app.cpuSeconds();
    if (now - before < 0.03) return;
    before = now;
  }
}

/** Processor time of one report, ms, if each comes alone and is processed before the next. */
async function costOfOne(stage: Stage, name: string, count: number): Promise<number> {
  await untilQuiet(stage);
  const before = stage.app.cpuSeconds();
  for (let index = 0; index < count; index++) {
    await push(stage, JSON.stringify(foreign(name, index)));
    await wait(120);
  }
  return ((stage.app.cpuSeconds() - before) * 1000) / count;
}

/** The longest time that another request to the app had to wait while `act` ran, ms. */
async function longestWait(stage: Stage, act: () => Promise<void>): Promise<number> {
  let longest = 0;
  let running = true;
  const looking = (async () => {
    while (running) {
      const startedAt = performance.now();
      await healthz(stage.app.port);
      longest = Math.max(longest, performance.now() - startedAt);
      await wait(5);
    }
  })();
  await act();
  running = false;
  await looking;
  return longest;
}

function healthz(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/healthz' }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}

/** Reports with 60,000 stored ones, and 40,000 reports in one push. */
export const reports: Measurement = {
  name: 'reports',
  async run({ quick }) {
    const stage = await startStage({ config: '' });
    try {
      const count = quick ? 50 : 150;
      await costOfOne(stage, 'warm', 30);
      const beside = await costOfOne(stage, 'before', count);
      for (let start = 0; start < 60_000; start += 5_000) {
        const some = Array.from({ length: 5_000 }, (_, index) => foreign('stored', start + index));
        await push(stage, JSON.stringify(some));
      }
      const besideMany = await costOfOne(stage, 'after', count);
      const ratio = besideMany / beside;
      // Built first, so that this process does not delay itself.
      const crowd = JSON.stringify(Array.from({ length: 40_000 }, (_, index) => ({ voiceId: `v${index}` })));
      const held = await longestWait(stage, async () => {
        await push(stage, crowd);
        await untilQuiet(stage);
      });
      return [
        {
          what: 'a report beside 60,000 stored ones that fit nothing: processor time',
          voicecall: ms(besideMany),
          wanted: `≤ 1.5 × beside none (${ms(beside)}): ${ratio.toFixed(2)}`,
          met: ratio <= 1.5,
        },
        {
          what: '40,000 reports in one push: the longest that /healthz waited',
          voicecall: ms(held),
          wanted: '≤ 50 ms',
          met: held <= 50,
        },
      ];
    } finally {
      await stage.stop();
    }
  },
};
