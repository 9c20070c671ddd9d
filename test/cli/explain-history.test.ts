import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startSlack } from '../../sandbox/slack/slack.ts';
import type { SandboxSlack } from '../../sandbox/slack/types.ts';
import { firing, resolved, tool } from '../e2e/alerts/alert-flow.ts';

const program = fileURLToPath(new URL('../../src/cli/explain.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'explain-history-'));
const hourMs = 3_600_000;

describe('npm run explain -- --channel', () => {
  let slack: SandboxSlack;
  let at = 0;
  before(async () => {
    slack = await startSlack({ now: () => at, rateLimits: true });
    const config = join(folder, 'voicecall.yaml');
    writeFileSync(
      config,
      `country: IN
lists: { oncall: ["+91 85632 14120", "+91 85632 13000"] }
rules:
  - { name: db, channels: [C0ALERTS], match: { from: [B0OTHER], title: db- }, call: [oncall], say: "{title}", timeZone: UTC }
  - { name: severe, channels: [C0ALERTS], match: { severity: [critical] }, call: [oncall], say: "{title}", timeZone: Asia/Kolkata }
  - { name: watchdog, channels: [C0ALERTS], match: { title: Watchdog }, silentFor: 2h, call: [oncall], say: "{title}" }
  - { name: elsewhere, channels: [C0OPS], call: [oncall], say: "{title}" }
`,
    );
    const today = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs;
    const write = (daysAgo: number, hour: number, message: ReturnType<typeof firing>, from = tool) => {
      at = today - daysAgo * 24 * hourMs + hour * hourMs;
      slack.postAs(from, 'C0ALERTS', message);
    };
    write(60, 3, firing('db-ancient lag', 'critical'));
    for (let daysAgo = 20; daysAgo > 2; daysAgo--) {
      write(daysAgo, 2, firing(`db-${daysAgo} lag`, daysAgo === 9 ? 'critical' : 'warning'));
      write(daysAgo, 3, firing(`db-${daysAgo} lag`, 'warning'));
      write(daysAgo, 4, resolved(`db-${daysAgo} lag`, 'warning'));
    }
    write(2, 1, firing('Watchdog'));
    write(2, 2, firing('Watchdog'));
    write(2, 7, firing('Watchdog'));
    write(2, 9, firing('queue stuck', 'warning'));
    // Voicecall's own message is no alert.
    write(2, 10, firing('queue full', 'critical'), { bot: slack.state.app.botId });
    for (let n = 0; n < 250; n++) slack.postAs({ user: 'U0ASHA' }, 'C0ALERTS', 'talk');
  });
  after(async () => {
    await slack.stop();
    rmSync(folder, { recursive: true });
  });

  const explain = (args: string[], env: Record<string, string> = {}) =>
    new Promise<{ code: number; out: string; error: string }>((resolve) => {
      const settings = {
        // Not part of what is tested: the program starts sooner.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
        VOICECALL_CONFIG: join(folder, 'voicecall.yaml'),
        SLACK_API_URL: slack.url,
        SLACK_BOT_TOKEN: slack.state.app.botToken,
        ...env,
      };
      execFile(process.execPath, [program, ...args], { env: settings, cwd: folder }, (error, out, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, error: stderr }),
      );
    });

  it('says what each rule would have done, by hour, and what matched no rule', async () => {
    slack.fault({ method: 'conversations.history', kind: '429', times: 1, retryAfter: 1 });
    const { code, out, error } = await explain(['--channel', 'C0ALERTS', '--days', '30']);
    assert.deepEqual([code, error], [0, '']);
    assert.match(out, /^C0ALERTS, the last 30 days: 58 bot messages, 20 new alerts\. Nobody was called\./);
    assert.match(out, /Rule db: would have called 18 times, 36 calls to 2 people; 36 messages matched\./);
    assert.match(out, /By hour \(UTC\): 02:00 \(18\)\n/);
    assert.match(
      out,
      /Rule severe: would have called 1 times, 2 calls[\s\S]*By hour \(Asia\/Kolkata\): 07:00 \(1\)\n/,
    );
    assert.match(
      out,
      /Rule watchdog: would have called 2 times[\s\S]*By hour \(Asia\/Calcutta\): 09:00 \(1\), 14:00 \(1\)\n/,
    );
    assert.match(
      out,
      /1 alerts matched no rule\. The last of them:\n {2}\S+ 09:00 {2}\[FIRING:1\] queue stuck.* Rule /,
    );
    assert.doesNotMatch(out, /elsewhere|ancient|85632/);
  });
  it('explains errors in words', async () => {
    const cases: [string[], Record<string, string>, RegExp][] = [
      [['--channel', 'alerts'], {}, /--channel wants a channel's id/],
      [['--channel', 'C0ALERTS', '--days', 'x'], {}, /--days wants a number/],
      [['--channel', 'C0RANDOM'], {}, /Voicecall is not in it/],
      [['--channel', 'C0NOWHERE'], {}, /no such channel/],
      [['--channel', 'C0ALERTS'], { SLACK_BOT_TOKEN: '' }, /SLACK_BOT_TOKEN is not set/],
    ];
    for (const [args, env, words] of cases) {
      const { code, out, error } = await explain(args, env);
      assert.deepEqual([code, out], [1, '']);
      assert.match(error, words);
    }
  });
});
