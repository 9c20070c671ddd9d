import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { appEnvironment } from '../../sandbox/app-environment.ts';
import { startSlack } from '../../sandbox/slack/slack.ts';
import type { SandboxSlack } from '../../sandbox/slack/types.ts';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import { noteLastReached } from '../../src/calls/request/last-reached.ts';
import { ok, runChecks } from '../../src/cli/doctor-check.ts';
import { doctorChecks } from '../../src/cli/doctor-checks.ts';
import { checkPeople } from '../../src/cli/doctor-people.ts';
import { checkReached } from '../../src/cli/doctor-reached.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config/file.ts';
import { tokenSecret } from '../../src/store/meta.ts';
import { calendar, shift, startCalendar } from '../support/calendar.ts';
import { createTestDatabase, databaseKinds } from '../support/store.ts';

const root = resolve(import.meta.dirname, '../..');

const goodYaml = `
voice: { displayNums: [] }
approval: { calleesOver: 10, approvers: [U0BEN, S0LEADS], channel: C0APPROVE }
callers: [S0OPS]
lists: { db-oncall: ["+91 85632 14120"] }
rules:
  - { name: db-critical, channels: [C0ALERTS], match: { from: [A0GRAFANA] }, call: [db-oncall], say: "Alert. {title}." }
`;

suite('doctor', () => {
  let slack: SandboxSlack;
  let voice: VoicePlatform;
  let cwd: string;
  let env: Record<string, string | undefined>;

  before(async () => {
    [slack, voice] = await Promise.all([
      startSlack(),
      startVoicePlatform({ apiKey: 'doctor-key', apiSecret: 'doctor-secret' }),
    ]);
  });
  after(async () => {
    await Promise.all([slack.stop(), voice.stop()]);
  });
  beforeEach(async (context) => {
    cwd = await mkdtemp(join(tmpdir(), 'voicecall-doctor-'));
    const made = cwd;
    if ('after' in context) context.after(() => rm(made, { recursive: true, force: true }));
    writeFileSync(join(cwd, 'voicecall.yaml'), goodYaml);
    slack.reset();
    slack.clearFaults();
    slack.invite('C0ALERTS', slack.state.app.botUserId);
    env = {
      ...appEnvironment(slack, voice, 'socket'),
      DATA_DIR: join(cwd, 'data'),
    };
  });

  async function examine(clock: Clock = systemClock, withinMs = 10_000) {
    const readFile = (path: string) => readFileSync(path, 'utf8');
    const { checks, close } = doctorChecks({ env, readFile, cwd, clock });
    const result = await runChecks(checks, withinMs);
    await close();
    return { ...result, text: result.lines.join('\n') };
  }

  test('rosters: each calendar is read, and events that name nobody are listed; the address is not shown', async (t) => {
    const server = await startCalendar();
    t.after(() => server.stop());
    const hour = 3_600_000;
    const now = Date.now();
    server.serve(
      calendar([
        shift('Asha', now - hour, now + hour),
        shift('Yuri +91 99999 99999', now + hour, now + 2 * hour),
        shift('On call', now + 2 * hour, now + 3 * hour, ['ATTENDEE:mailto:cleo@example.com']),
      ]),
    );
    const roster = `{ ical: "${server.url}", people: { Asha: "+91 85632 14121" }, fallback: [db-oncall] }`;
    writeFileSync(join(cwd, 'voicecall.yaml'), `${goodYaml}\nrosters: { db: ${roster} }\n`);
    const without = await examine();
    assert.match(without.text, /ok {5}roster: db: 3 events in the next weeks; on duty now: Asha/);
    assert.match(
      without.text,
      /note {3}roster: db: mail addresses cannot be looked up \(Slack says missing_scope\)/,
    );
    assert.match(
      without.text,
      /nobody is recognised in 2 events: "Yuri \*\*\*9999", "On call"\. Add the names/,
    );
    slack.state.app.scopes.push('users:read.email');
    const granted = await examine();
    assert.match(granted.text, /nobody is recognised in 1 event: "Yuri/);
    server.serve('<html>');
    const { text, good } = await examine();
    assert.match(text, /WRONG {2}roster: db: the address answers with a web page/);
    assert.equal(good, false);
    assert.ok(!`${text}${granted.text}`.includes('basic.ics'));
  });

  test('everything is good: one line for each check', async () => {
    const { lines, good, text } = await examine();
    assert.equal(good, true, text);
    const expected = [
      /^ok {5}configuration: environment and \.\/voicecall\.yaml \(rules: 1, lists: 1\)$/,
      /^ok {5}database: SQLite, will be made at the first start: .*voicecall\.db$/,
      /^ok {5}Slack: @\S+ in .+ \(T0SANDBOX\)$/,
      /^ok {5}Slack: all \d+ scopes are granted$/,
      /^ok {5}Slack, Socket Mode: Slack gives connections$/,
      /^ok {5}voice platform: credentials accepted, balance \d/,
      /^ok {5}voice platform: credentials accepted, \d+ recordings in its library$/,
      /^ok {5}clock: agrees with Slack's/,
      /^ok {5}channel: the app is in #approvals \(approval\)$/,
      /^ok {5}channel: the app is in #alerts \(rule db-critical\)$/,
      /^ok {5}user group: S0OPS \(callers\) has \d+ members?$/,
      /^ok {5}user group: S0LEADS \(approval\) has 1 member$/,
    ];
    assert.equal(lines.length, expected.length, text);
    for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? '', pattern);
    assert.deepEqual(voice.violations, []);
    assert.doesNotMatch(text, new RegExp(`${slack.state.app.botToken}|doctor-secret`));
  });

  test('missing protection is reported: no configuration, and any caller number', async () => {
    writeFileSync(join(cwd, 'voicecall.yaml'), '');
    const { text } = await examine();
    assert.match(
      text,
      /^note {3}configuration: Nothing is configured.* at most 20 people a request and 100 calls an hour/m,
    );
    assert.match(
      text,
      /^note {3}configuration: any caller may show any caller number\. voice\.displayNums says/m,
    );
  });

  test('with neither way to reach Slack chosen, it names the variables of both', async () => {
    delete env.SLACK_APP_TOKEN;
    delete env.SLACK_SIGNING_SECRET;
    const { good, text } = await examine();
    assert.equal(good, false);
    assert.match(
      text,
      /^WRONG {2}configuration: SLACK_APP_TOKEN: found nothing, expected .*Socket Mode, or SLACK_SIGNING_SECRET for HTTP\. /m,
    );
    assert.match(text, /^- {5} Slack, Socket Mode: not checked: SLACK_APP_TOKEN is not set$/m);
    const { SLACK_BOT_TOKEN, ...others } = env;
    env = others;
    const skipped = (await examine()).text;
    assert.match(
      skipped,
      /^- {6}channel: C0ALERTS \(rule db-critical\) not checked: SLACK_BOT_TOKEN is not set$/m,
    );
    assert.match(skipped, /^- {6}user group: S0OPS \(callers\) not checked: SLACK_BOT_TOKEN is not set$/m);
    env.SLACK_BOT_TOKEN = SLACK_BOT_TOKEN;
    env.SLACK_SIGNING_SECRET = 'c0ffee';
    assert.match((await examine()).text, /^ok {5}Slack, Socket Mode: not used .*over HTTP$/m);
  });

  test('everything is wrong at once: each line says so, and what to do', async () => {
    slack.removeMember('C0ALERTS', slack.state.app.botUserId);
    slack.setArchived('C0APPROVE', true);
    const scopes = slack.state.app.scopes.filter((scope) => scope !== 'files:read');
    slack.state.app.scopes.splice(0, slack.state.app.scopes.length, ...scopes);
    env.SLACK_APP_TOKEN = 'xapp-wrong';
    env.VOICE_API_SECRET = 'wrong';
    env.PORT = 'http';
    const data = join(cwd, 'data');
    writeFileSync(data, 'a file where the directory should be');
    writeFileSync(
      join(cwd, 'voicecall.yaml'),
      goodYaml
        .replace('S0OPS', 'S0GONE')
        .replace('match: { from: [A0GRAFANA] }, ', '')
        .replace('C0ALERTS', 'C0ALERTS, C0SECRET'),
    );
    const { good, text } = await examine();
    assert.equal(good, false);
    for (const pattern of [
      /^WRONG {2}configuration: PORT: found "http", expected a port/m,
      /^WRONG {2}database: .*data is no directory\. Set DATA_DIR/m,
      /^ok {5}Slack: @/m,
      /^WRONG {2}Slack: scopes are missing: files:read\. Add them under "OAuth & Permissions"/m,
      /^WRONG {2}Slack, Socket Mode: Slack says invalid_auth\. Make an App-Level Token/m,
      /^WRONG {2}voice platform: the balance .*\(VOICE_BALANCE_URL\).*-1.*Check VOICE_API_KEY and VOICE_API_SECRET/m,
      /^WRONG {2}voice platform: the recordings .*\(VOICE_API_URL\).*-1.*Check VOICE_API_KEY and VOICE_API_SECRET/m,
      /^ok {5}clock: agrees/m,
      /^WRONG {2}channel: #approvals \(approval\) is archived\. Name another/m,
      /^WRONG {2}channel: the app is not in #alerts \(rule db-critical\)\. Type \/invite @Voicecall/m,
      /^WRONG {2}channel: C0SECRET \(rule db-critical\) is not there, or is private/m,
      /^WRONG {2}user group: S0GONE \(callers\) does not exist\. Check the id/m,
      /^ok {5}user group: S0LEADS/m,
      /^note {3}configuration: Rule "db-critical" has no match\.from: anybody/m,
    ]) {
      assert.match(text, pattern);
    }
    slack.state.app.scopes.push('files:read');
  });

  test('a rule without `from` is a warning, not a fault', async () => {
    writeFileSync(join(cwd, 'voicecall.yaml'), goodYaml.replace('match: { from: [A0GRAFANA] }, ', ''));
    const { good, text } = await examine();
    assert.equal(good, true, text);
    assert.match(
      text,
      /^note {3}configuration: Rule "db-critical" has no match\.from.*Name the bot_id or app_id/m,
    );
  });

  test('a refused bot token is reported once; the other checks run', async () => {
    env.SLACK_BOT_TOKEN = 'xoxb-wrong';
    const { good, text } = await examine();
    assert.equal(good, false);
    assert.match(text, /^WRONG {2}Slack: Slack says invalid_auth\. Copy the Bot User OAuth Token/m);
    assert.match(text, /^- {6}channel: C0ALERTS .* not checked: the bot token is not accepted$/m);
    assert.equal(text.match(/^WRONG/gm)?.length, 1, text);
    assert.match(text, /^ok {5}voice platform/m);
  });

  test('nothing is set: the missing settings are named, and nothing else is wrong', async () => {
    env = { SLACK_API_URL: slack.url, DATA_DIR: env.DATA_DIR };
    const { good, text } = await examine();
    assert.equal(good, false);
    for (const name of ['SLACK_BOT_TOKEN', 'VOICE_API_KEY', 'VOICE_API_SECRET', 'VOICE_APP_ID']) {
      assert.match(text, new RegExp(`^WRONG  configuration: ${name}: found nothing`, 'm'));
    }
    assert.deepEqual(text.match(/^WRONG {2}(?!configuration).*/gm), null);
    assert.match(text, /^- {6}voice platform: not checked/m);
  });

  test('without an address for the balance the line says so, and the recordings are read', async () => {
    env.VOICE_BALANCE_URL = undefined;
    const { good, text } = await examine();
    assert.equal(good, true, text);
    assert.match(text, /^- {6}voice platform: balance not looked up: VOICE_BALANCE_URL is not set$/m);
    assert.match(text, /^ok {5}voice platform: credentials accepted, \d+ recordings in its library$/m);
  });

  test('each of the two addresses of the voice platform is checked and named separately', async () => {
    const { VOICE_API_URL, VOICE_BALANCE_URL } = env;
    env.VOICE_API_URL = `${VOICE_API_URL}x`;
    const api = await examine();
    assert.equal(api.good, false);
    assert.match(api.text, /^ok {5}voice platform: credentials accepted, balance/m);
    assert.match(api.text, /^WRONG {2}voice platform: the recordings .*HTTP 404.* check VOICE_API_URL\.$/m);
    Object.assign(env, { VOICE_API_URL, VOICE_BALANCE_URL: `${VOICE_BALANCE_URL}x` });
    const balance = await examine();
    assert.equal(balance.good, false);
    assert.match(
      balance.text,
      /^WRONG {2}voice platform: the balance .*HTTP 404.* check VOICE_BALANCE_URL\.$/m,
    );
    assert.match(balance.text, /^ok {5}voice platform: credentials accepted, \d+ recordings/m);
    voice.violations.length = 0;
  });

  test('servers that are down or hang are each reported in time', async () => {
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((done) => hanging.once('listening', done));
    const address = hanging.address();
    assert.ok(typeof address === 'object' && address !== null);
    env.SLACK_API_URL = 'http://127.0.0.1:1/api/';
    env.DATABASE_URL = `postgres://x:hush-hush@127.0.0.1:${address.port}/x`;
    const startedAt = performance.now();
    const { text } = await examine(systemClock, 1_500);
    hanging.close();
    assert.ok(performance.now() - startedAt < 60_000);
    assert.match(text, /^WRONG {2}database: no answer within 1\.5 s/m);
    assert.match(text, /^WRONG {2}Slack: Slack cannot be reached .*SLACK_API_URL/m);
    assert.match(text, /^ok {5}voice platform/m);
    assert.doesNotMatch(text, /hush-hush/);
  });

  test('an address of PostgreSQL that cannot be read', async () => {
    env.DATABASE_URL = 'postgres://x:pw#hush-hush@127.0.0.1:9/x';
    const { text } = await examine();
    assert.match(
      text,
      /^WRONG {2}database: PostgreSQL cannot be used\. .*\(DATABASE_URL\) cannot be read\./m,
    );
    assert.doesNotMatch(text, /hush-hush/);
  });

  test('a wrong clock is reported, by how much and compared with which', async () => {
    const anHourOff: Clock = { ...systemClock, now: () => Date.now() - 3_600_000 };
    const { text, good } = await examine(anHourOff);
    assert.equal(good, false);
    assert.match(text, /^WRONG {2}clock: 3(599|600|601) s behind Slack's\. Set the clock/m);
    assert.match(text, /^WRONG {2}clock: 3(599|600|601) s behind the voice platform's/m);
    assert.match(text, /^ok {5}voice platform/m);
  });

  for (const kind of databaseKinds) {
    test(`the database on ${kind}: its version, beside a running instance and unchanged`, async () => {
      const database = await createTestDatabase(kind);
      try {
        env.DATA_DIR = database.dataDir;
        env.DATABASE_URL = database.databaseUrl;
        const name = kind === 'sqlite' ? 'SQLite' : 'PostgreSQL';
        assert.match(
          (await examine()).text,
          new RegExp(`^ok {5}database: ${name}, (will be made|empty)`, 'm'),
        );
        const store = await database.open();
        assert.match(
          (await examine()).text,
          new RegExp(`^ok {5}database: ${name}, version \\d+, takes writes`, 'm'),
        );
        const setVersion = (value: string) =>
          store.transaction((tx) =>
            tx.updateTable('meta').set({ value }).where('name', '=', 'store_version').execute(),
          );
        await setVersion('999');
        assert.match(
          (await examine()).text,
          /^WRONG {2}database: .* of version 999, .*Start the newer program/m,
        );
        await setVersion('0');
        assert.match(
          (await examine()).text,
          /^ok {5}database: .* of version 0: the next start brings it to/m,
        );
      } finally {
        await database.remove();
      }
    });
  }

  test('a file that is not a database, and one of another owner', async () => {
    const database = await createTestDatabase('sqlite');
    try {
      env.DATA_DIR = database.dataDir;
      const path = join(database.dataDir, 'voicecall.db');
      writeFileSync(path, 'this is not a database, but longer than a header of a hundred bytes'.repeat(4));
      assert.match(
        (await examine()).text,
        /^WRONG {2}database: .*cannot be used \(file is not a database\)/m,
      );
      if (process.getuid?.() === 0) return;
      rmSync(path);
      new DatabaseSync(path).close();
      chmodSync(path, 0o400);
      assert.match((await examine()).text, /^WRONG {2}database: .*cannot be written to/m);
    } finally {
      await database.remove();
    }
  });

  test('a check that throws does not hide the others', async () => {
    const { lines, good } = await runChecks(
      [
        {
          name: 'one',
          run: async () => {
            throw new Error('boom');
          },
        },
        { name: 'two', run: async () => [ok('fine')] },
      ],
      100,
    );
    assert.equal(good, false);
    assert.deepEqual(lines, ['WRONG  one: boom. This is unexpected: please report it.', 'ok     two: fine']);
  });

  test('as a command: the same lines, and exit code 1 if something is wrong', async () => {
    const program = [join(root, 'src/run.mjs'), join(root, 'src/cli/doctor.ts')];
    const { PATH } = process.env;
    const good = await promisify(execFile)(process.execPath, program, { cwd, env: { PATH, ...env } });
    assert.match(good.stdout, /^ok {5}Slack: @/m);
    env.VOICE_API_SECRET = 'wrong';
    await assert.rejects(
      promisify(execFile)(process.execPath, program, { cwd, env: { PATH, ...env } }),
      (error: { code: number; stdout: string }) => {
        assert.equal(error.code, 1);
        assert.match(error.stdout, /^WRONG {2}voice platform/m);
        return true;
      },
    );
  });
});

for (const kind of databaseKinds) {
  test(`the people whom rules call are listed with the age of their data, and rules that would call nobody, on ${kind}`, async () => {
    const database = await createTestDatabase(kind);
    try {
      const store = await database.open();
      await store.transaction(async (tx) => {
        const rows = [
          { id: 'U0BEN', body: '{"name":"Ben","phone":"+91 98765 43211","standing":"member"}' },
          { id: 'U0CLEO', body: '{"name":"Cleo","phone":"","standing":"member"}' },
          { id: 'S0OPS', body: '{"members":["U0BEN"]}' },
        ].map((row) => ({ ...row, learned_at: Date.now() - 3 * 60_000 }));
        await tx.insertInto('learned_people').values(rows).execute();
      });
      await store.close();
      const rule = (name: string, call: string) =>
        `  - { name: ${name}, channels: [C0ALERTS], match: { from: [A0X] }, call: [${call}], say: x }\n`;
      const text = `rules:\n${rule('by-group', 'S0OPS')}${rule('by-cleo', 'U0CLEO')}${rule('by-nobody', 'U0NEW')}`;
      const { config } = readConfig(text, 'voicecall.yaml');
      assert.ok(config);
      const place = { url: database.databaseUrl, dataDir: database.dataDir };
      const found = (await checkPeople(config, place, systemClock)).map((each) => each.text).join('\n');
      assert.match(found, /Ben \(with a number, 3 min old\)/);
      assert.match(found, /Cleo \(WITHOUT a number, 3 min old\)/);
      assert.match(found, /not learnt yet: U0NEW/);
      assert.match(found, /rule by-cleo would call nobody while Slack is down/);
      assert.match(found, /rule by-nobody would call nobody/);
      assert.doesNotMatch(found, /by-group|43211/);
    } finally {
      await database.remove();
    }
  });
}

for (const kind of databaseKinds) {
  test(`the people whom rules call and no call ever reached are named, on ${kind}`, async () => {
    const database = await createTestDatabase(kind);
    try {
      const text = `country: IN
lists: { db: ["Asha: +91 85632 14120", "+91 85632 13000", U0BEN] }
rules:
  - { name: one, channels: [C0ALERTS], match: { from: [A0X] }, call: [db], say: x, then: [{ after: 5m, call: [S0OPS] }] }
`;
      const { config } = readConfig(text, 'voicecall.yaml');
      assert.ok(config);
      const place = { url: database.databaseUrl, dataDir: database.dataDir };
      const findings = async () => (await checkReached(config, place)).map((each) => each.text).join('\n');
      assert.equal(await findings(), '', 'nothing to say before the app has run');
      const store = await database.open();
      const secret = await tokenSecret(store);
      await store.transaction(async (tx) => {
        const rows = [
          { id: 'U0BEN', body: '{"name":"Ben","phone":"+91 98765 43211","standing":"member"}' },
          { id: 'U0CLEO', body: '{"name":"Cleo","phone":"98765 43212","standing":"member"}' },
          { id: 'S0OPS', body: '{"members":["U0BEN","U0CLEO"]}' },
        ].map((row) => ({ ...row, learned_at: Date.now() }));
        await tx.insertInto('learned_people').values(rows).execute();
        await noteLastReached(tx, secret, [
          { callee: '918563213000', at: 1 },
          { callee: '919876543211', at: 1 },
        ]);
      });
      assert.match(await findings(), /never reached by any call: Cleo \(\+91 …3212\), Asha \(\+91 …4120\)$/);
      await store.transaction((tx) =>
        noteLastReached(tx, secret, [
          { callee: '918563214120', at: 1 },
          { callee: '919876543212', at: 1 },
        ]),
      );
      assert.equal(await findings(), 'everybody whom rules call was reached before (4)');
      await store.close();
    } finally {
      await database.remove();
    }
  });
}
