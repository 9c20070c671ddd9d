import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { z } from 'zod';
import { formatFaults } from '../../src/config/faults.ts';
import { defaultConfig, readConfig } from '../../src/config/file.ts';
import { configSchema } from '../../src/config/schema.ts';

const example = readFileSync(new URL('../../voicecall.example.yaml', import.meta.url), 'utf8');
const read = (text: string) => readConfig(text, 'voicecall.yaml');
const told = (text: string) => formatFaults(read(text).faults);

const rule = (more: string) => `country: IN
lists: { a: [U0A] }
recordings: { drill: 1x.mp3 }
rules:
  - { name: r, channels: [C0A], match: { from: [B0A] }, call: [a], ${more} }
`;

test('the example has no fault and no notice', () => {
  const { config, faults, notices } = readConfig(example, 'voicecall.example.yaml');
  assert.equal(formatFaults(faults), '');
  assert.deepEqual(notices, []);
  assert.equal(config?.rules[0]?.cooldownMs, 1_800_000);
  assert.deepEqual(config?.rules[0]?.days, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(config?.approval?.between, { fromMinute: 1320, toMinute: 420 });
  assert.deepEqual(config?.limits.deny, ['1900']);
});

test('the example shows every key there is', () => {
  const shown = new Set(keysIn(parse(example)));
  const known = keysInSchema(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
  assert.ok(known.length > 40);
  assert.deepEqual(
    known.filter((key) => !shown.has(key)),
    [],
  );
});

test('an empty file gives all defaults', () => {
  for (const text of ['', '# nothing\n', '{}']) assert.deepEqual(read(text).config, defaultConfig());
  assert.deepEqual(defaultConfig().voice.limits, { callees: 200, loopCount: 3, textLength: 299 });
  assert.equal(defaultConfig().approval, undefined);
});

test('without a configuration little is allowed, and the log says so; a file with any key has the usual limits', () => {
  const { config, notices } = read('# nothing\n');
  assert.equal(config?.limits.calleesPerRequest, 20);
  assert.equal(config?.limits.callsPerHour, 100);
  assert.match(notices.join(), /at most 20 people a request and 100 calls an hour/);
  const some = read('country: IN');
  assert.equal(some.config?.limits.calleesPerRequest, 10_000);
  assert.equal(some.config?.limits.callsPerHour, undefined);
  assert.deepEqual(some.notices, []);
});

test('caller numbers: the file itself must keep to voice.displayNums', () => {
  const rule =
    '{ name: a, channels: [C0A], match: { from: [A0A] }, call: ["+6591110001"], say: x, displayNum: 1008122299 }';
  const text = `voice: { displayNums: [1008122211], displayNum: "1008122212" }\nrules: [${rule}]`;
  const { faults } = read(text);
  assert.equal(faults.length, 2);
  for (const fault of faults) assert.match(fault.expected, /voice\.displayNums/);
  assert.deepEqual(read(text.replaceAll(/10081222\d\d/g, '1008122211')).faults, []);
});

test('an unknown key is reported with line and column, and the nearest known one', () => {
  const text = 'country: IN\nvoice:\n  loopCont: 2\n';
  assert.equal(read(text).config, undefined);
  assert.match(told(text), /voicecall\.yaml:3:3: found the unknown key "loopCont"/);
  assert.match(told(text), /Did you mean "loopCount"\?/);
});

test('all faults are reported at once, in the order of the file', () => {
  const { faults } = read(
    'country: in\nvoice: { maxDuration: 121, displayNum: 0123456789 }\ncallers: [bob]\nretention: 5\nlists: { a: ["9185"] }\n',
  );
  assert.deepEqual(
    faults.map(({ place }) => place),
    [
      'voicecall.yaml:1:10',
      'voicecall.yaml:2:23',
      'voicecall.yaml:2:40',
      'voicecall.yaml:3:11',
      'voicecall.yaml:4:12',
      'voicecall.yaml:5:14',
    ],
  );
});

test('invalid YAML, duplicate keys and tabs', () => {
  assert.match(told('a: 1\na: 2'), /voicecall\.yaml:2:1: .*expected each key once/);
  assert.match(told('\tx: 1'), /Indent with spaces/);
  for (const text of [
    '{',
    '- x',
    'x',
    'lists: *a',
    'country: IN\n---\ncountry: SG',
    '<<: 1',
    '__proto__: 1',
  ]) {
    assert.equal(read(text).config, undefined, text);
    assert.ok(read(text).faults.length > 0, text);
  }
});

test('numbers without quotes are accepted if no digit is lost', () => {
  const { config } = read('voice: { displayNum: 1008122211 }\nlists: { a: [6591110001, +6591110002] }\n');
  assert.equal(config?.voice.displayNum, '1008122211');
  assert.deepEqual(config?.lists, { a: ['6591110001', '+6591110002'] });
  for (const lost of ['0123456789', '0o1234567', '99999999999999999999']) {
    assert.match(told(`lists: { a: [${lost}] }`), /expected it in quotes/, lost);
  }
});

test('bounds: an operator may raise them to the platform’s widest page', () => {
  assert.match(told('voice: { loopCount: 4 }'), /found 4, expected 3 at most/);
  assert.equal(
    told('voice: { loopCount: 4, limits: { loopCount: 9, callees: 1000, textLength: 1000 } }'),
    '',
  );
  for (const over of ['loopCount: 10', 'callees: 1001', 'textLength: 1001']) {
    assert.notEqual(told(`voice: { limits: { ${over} } }`), '', over);
  }
  assert.match(told(rule('say: x, loopCount: 4')), /expected 3 at most/);
});

test('a rule says or plays exactly one thing that exists', () => {
  assert.equal(told(rule('say: "{title} {severity} {source} {channel}"')), '');
  assert.equal(told(rule('recording: drill')), '');
  assert.equal(told(rule('recording: 12022abc.mp3')), '');
  assert.match(told(rule('stop: true')), /neither say nor recording/);
  assert.match(told(rule('say: x, recording: drill')), /only one of them/);
  assert.match(told(rule('recording: dril')), /Did you mean "drill"\?/);
  assert.match(told(rule('say: "{text}"')), /\{text\} does not exist/);
  assert.match(told(rule('say: "{name}"')), /\{name\} does not exist/);
  assert.match(told(rule('say: "  "')), /expected text to be spoken/);
});

test('a rule calls lists that exist and valid numbers', () => {
  const call = (entry: string) => told(rule('say: x').replace('call: [a]', `call: [${entry}]`));
  assert.equal(call('a, "+6591110001", U0BEN, S0OPS'), '');
  assert.match(call('db'), /a name from lists/);
  assert.match(call('"9185"'), /has 4 digits/);
});

test('regular expressions are RE2’s', () => {
  const title = (pattern: string) => told(rule('say: x').replace('from:', `title: '${pattern}', from:`));
  for (const fine of ['replica lag', '/a+b/i', '/var']) assert.equal(title(fine), '', fine);
  for (const bad of ['/(a/', '/(?=a)/', '/(a)\\1/', '/a/g', '']) assert.notEqual(title(bad), '', bad);
});

test('times, days, zones and durations', () => {
  const { config } = read(
    rule('say: x, between: "22:00-07:00", days: [fri-mon, wed], timeZone: Europe/Berlin, cooldown: 1h30m'),
  );
  assert.deepEqual(config?.rules[0]?.between, { fromMinute: 1320, toMinute: 420 });
  assert.deepEqual(config?.rules[0]?.days, [0, 1, 3, 5, 6]);
  assert.equal(config?.rules[0]?.cooldownMs, 5_400_000);
  for (const bad of [
    'between: "25:00-07:00"',
    'between: "07:00-07:00"',
    'days: [someday]',
    'timeZone: Mars/North',
    'cooldown: 5',
    'cooldown: 5x',
    'expireAfter: 0s',
  ]) {
    assert.notEqual(told(rule(`say: x, ${bad}`)), '', bad);
  }
  assert.match(told(rule('say: x, days: mon-fri').replace('country: IN', 'country: US')), /timeZone/);
});

test('severity may be "none stated", and a list’s only entry needs no brackets', () => {
  const { config } = read(rule('say: x').replace('from: [B0A]', 'from: B0A, severity: [critical, null]'));
  assert.deepEqual(config?.rules[0]?.match, {
    status: ['firing'],
    severity: ['critical', null],
    title: undefined,
    text: undefined,
    from: ['B0A'],
  });
  assert.deepEqual(
    read(rule('say: x').replace('from: [B0A]', 'from: B0A, severity: null')).config?.rules[0]?.match.severity,
    [null],
  );
});

test('approval that can never be asked for or given is a fault', () => {
  assert.match(told('approval: { approvers: [U0A] }'), /calleesOver/);
  assert.match(told('approval: { calleesOver: 0, approvers: [] }'), /at least one/);
  assert.match(told('approval: { calleesOver: 0, approvers: [U0A, U0A], quorum: 2 }'), /1 at most/);
  assert.equal(told('approval: { calleesOver: 0, approvers: [S0A], quorum: 2 }'), '');
  assert.match(told(rule('say: x, approval: policy')), /who approves/);
});

test('a key without a value never widens what is allowed', () => {
  for (const key of ['callers', 'limits', 'approval', 'lists', 'rules', 'retention']) {
    assert.match(told(`${key}:\n`), /found nothing/, key);
  }
});

test('notices: rules without a sender, and doubted numbers, masked', () => {
  const { notices } = read(
    rule('say: x').replace('match: { from: [B0A] }, ', '').replace('U0A', '"91856321412"'),
  );
  assert.equal(notices.length, 2);
  assert.match(notices.join('\n'), /match\.from/);
  assert.match(notices.join('\n'), /\+91 …1412 does not look like a number of India/);
  assert.doesNotMatch(notices.join('\n'), /91856321412/);
});

test('a rule that waits for a key names it, and steps name whom they call', () => {
  const reach = 'reach: { confirmKey: "1" }\n';
  const notice = (text: string) => read(`${reach}${rule(text)}`).notices.join();
  assert.match(notice('say: "{title}", until: confirmed'), /waits for the key 1/);
  assert.match(
    notice('say: "Press 1.", until: confirmed, then: [{ after: 5m, call: [U0B], say: "Hurry." }]'),
    /1/,
  );
  for (const say of ['Press 1 to take it.', 'Press one.', 'Taste 1 druecken'])
    assert.equal(notice(`say: "${say}", until: confirmed`), '');
  assert.match(notice('say: "Server 10 is down.", until: confirmed'), /waits for the key 1/);
  assert.match(told(rule('say: x, until: confirmed')), /reach\.confirmKey/);
  assert.match(told('reach: { until: confirmed }'), /reach\.confirmKey/);
  assert.match(told(rule('say: x, repeat: 2')), /repeat without then/);
  assert.match(told(rule('say: x, then: [{ after: 5m, call: [nobody-known] }]')), /nobody-known/);
});

test('no fault shows a full phone number', () => {
  const text =
    'voice: { displayNum: "+918563214120" }\nlists: { a: ["6591110001"], b: ["918563214120 918563214121"] }\ncountry: IN\ncallers: ["+91 85632 14120"]\n"918563214120": 1\n';
  assert.doesNotMatch(told(text).replace(/[^0-9]/g, ''), /8563214120|6591110001|918563214121/);
  assert.ok(read(text).faults.length >= 5);
});

test('no text makes it throw: there is a configuration or a fault', () => {
  const lines = example.split('\n');
  const mutated = fc
    .tuple(
      fc.nat(lines.length - 1),
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('  - ', 'x: [', '{}', '? : ', 'rules: 3', 'lists: {a: 1}', 'null'),
      ),
    )
    .map(([at, line]) => lines.with(at, line).join('\n'));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutated), (text) => {
      const { config, faults } = read(text);
      assert.notEqual(config === undefined, faults.length === 0);
      for (const { place } of faults) assert.match(place, /^voicecall\.yaml:\d+:\d+$/);
    }),
    { numRuns: 300 },
  );
});

function keysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner)]);
}

function keysInSchema(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, inner]) =>
    key === 'properties' && typeof inner === 'object' && inner !== null
      ? [...Object.keys(inner), ...Object.values(inner).flatMap(keysInSchema)]
      : keysInSchema(inner),
  );
}

test('rosters: their names stand where those of lists may; faults do not show the address', () => {
  const good = read(`
lists: { ops: ["+6591110001"] }
rosters: { db: { ical: "webcal://calendar.example/a.ics", people: { Asha: "+6591110002", ben@example.com: U0BEN }, fallback: [ops] } }
rules: [{ name: r, channels: [C0A], match: { from: [B0A] }, call: [db], say: x, then: [{ after: 5m, call: db }] }]
`);
  assert.deepEqual(good.faults, []);
  assert.deepEqual(good.config?.rosters.db, {
    ical: 'https://calendar.example/a.ics',
    people: { Asha: '+6591110002', 'ben@example.com': 'U0BEN' },
    fallback: ['ops'],
  });
  const bad = formatFaults(
    read(`
lists: { ops: ["+6591110001"] }
rosters:
  Ops: { ical: "https://calendar.example/a.ics", people: { Asha: S0TEAM }, fallback: [opss] }
  web: { ical: "http://calendar.example/secret-4711.ics", people: { "": U0A }, fallback: [Ops] }
`).faults,
  );
  for (const part of [
    'a list too',
    'a user group',
    'Did you mean "ops"?',
    'http is for this machine alone',
    'the roster "Ops"',
  ])
    assert.ok(bad.includes(part), `${part} in ${bad}`);
  assert.ok(!bad.includes('4711'), bad);
});
