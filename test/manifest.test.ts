import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { suite, test } from 'node:test';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): unknown => JSON.parse(readFileSync(resolve(root, path), 'utf8'));

const manifestShape = z.looseObject({
  features: z.looseObject({
    app_home: z.looseObject({ home_tab_enabled: z.boolean(), messages_tab_enabled: z.boolean() }),
    shortcuts: z.array(z.looseObject({ type: z.string(), callback_id: z.string() })),
    slash_commands: z.array(
      z.looseObject({ command: z.string(), should_escape: z.boolean(), url: z.string().optional() }),
    ),
  }),
  oauth_config: z.object({
    scopes: z.object({ bot: z.array(z.string()), bot_optional: z.array(z.string()) }),
  }),
  settings: z.looseObject({
    event_subscriptions: z.looseObject({
      bot_events: z.array(z.string()),
      request_url: z.string().optional(),
    }),
    interactivity: z.looseObject({
      is_enabled: z.literal(true),
      request_url: z.string().optional(),
      message_menu_options_url: z.string().optional(),
    }),
    socket_mode_enabled: z.boolean(),
  }),
});
const socket = manifestShape.parse(read('manifest/manifest.json'));
const http = manifestShape.parse(read('manifest/manifest.http.json'));

/** Bot scopes of each Web API method that we use: the pages under https://docs.slack.dev/reference/methods. */
const scopesOfMethod: Record<string, string[]> = {
  'apps.connections.open': [],
  'auth.test': [],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'files.completeUploadExternal': ['files:write'],
  'files.getUploadURLExternal': ['files:write'],
  'files.info': ['files:read'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
  'users.info': ['users:read'],
  'users.lookupByEmail': ['users:read.email'],
  'views.open': [],
  'views.publish': [],
  'views.push': [],
  'views.update': [],
};
/** Bot scopes of each event: the pages under https://docs.slack.dev/reference/events. */
const scopesOfEvent: Record<string, string[]> = {
  app_home_opened: [],
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
};

const sources = globSync('src/{slack,cli,http}/**/*.ts', { cwd: root }).map((path) => ({
  path,
  text: readFileSync(resolve(root, path), 'utf8'),
}));
const everything = sources.map(({ text }) => text).join('\n');
const found = (pattern: RegExp, text = everything) =>
  [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
const methodCall = /\b(?:web|urgent|client)\s*\.\s*((?:[a-z][A-Za-z]*\s*\.\s*)+[a-z][A-Za-z]*)\(/g;
const methods = found(methodCall).map((name) => name.replaceAll(/\s/g, ''));
const listeners = {
  commands: found(/\.command\(\s*'([^']+)'/g),
  shortcuts: found(/\.shortcut\b[^(]*\(\s*\{[^}]*callback_id:\s*'([^']+)'/g),
  events: found(/\.event\(\s*'([^']+)'/g),
  views: found(/\.view\b[^(]*\(\s*'([^']+)'/g),
};

suite('the manifests', () => {
  for (const path of ['manifest/manifest.json', 'manifest/manifest.http.json']) {
    test(`${path} fits Slack's own schema`, () => {
      const ajv = new Ajv({ strict: false, allErrors: true });
      ajvFormats.default(ajv);
      const schema = read('test/fixtures/manifest-schema/manifest.schema.1.0.0.json');
      assert.ok(typeof schema === 'object' && schema !== null);
      const validate = ajv.compile(schema);
      const manifest = z
        .looseObject({ _metadata: z.object({ major_version: z.literal(1) }) })
        .parse(read(path));
      assert.ok(validate(manifest), JSON.stringify(validate.errors, null, 2));
      assert.ok(!validate({ ...manifest, surprise: true }), 'the schema refuses what it does not know');
    });
  }

  test('differ only in the way Slack reaches the app', () => {
    const url = 'https://voicecall.example.com/slack/events';
    const overHttp = structuredClone(socket);
    overHttp.settings.socket_mode_enabled = false;
    overHttp.settings.event_subscriptions.request_url = url;
    overHttp.settings.interactivity.request_url = url;
    for (const command of overHttp.features.slash_commands) command.url = url;
    assert.equal(socket.settings.socket_mode_enabled, true);
    assert.deepEqual(http, overHttp);
  });

  test('scopes are exactly those that methods, events and features need', () => {
    const unknown = methods.filter((name) => scopesOfMethod[name] === undefined);
    assert.deepEqual(unknown, [], 'add these methods, with their scopes, to scopesOfMethod');
    assert.ok(methods.includes('views.open') && methods.includes('chat.postMessage'), 'the calls were read');
    const needed = new Set([
      // Slash commands and shortcuts.
      'commands',
      ...methods.flatMap((name) => scopesOfMethod[name] ?? []),
      ...socket.settings.event_subscriptions.bot_events.flatMap((name) => scopesOfEvent[name] ?? ['?']),
      // https://docs.slack.dev/reference/block-kit/block-elements/file-input-element, and to download the file.
      ...(everything.includes("'file_input'") ? ['files:read'] : []),
    ]);
    const { bot, bot_optional: optional } = socket.oauth_config.scopes;
    assert.deepEqual([...needed].sort(), [...bot, ...optional].sort());
    assert.deepEqual(optional, ['users:read.email'], 'what the app does without');
  });

  test('events have listeners and listeners have events', () => {
    // The intake takes messages before Bolt does, from every kind of channel.
    assert.match(everything, /withIntake\(/);
    const subscribed = socket.settings.event_subscriptions.bot_events;
    assert.deepEqual(
      subscribed.filter((name) => scopesOfEvent[name] === undefined),
      [],
    );
    const heard = listeners.events.filter((name) => name !== 'message');
    assert.deepEqual(heard, subscribed.filter((name) => !name.startsWith('message.')).sort());
    assert.equal(subscribed.includes('app_home_opened'), socket.features.app_home.home_tab_enabled);
  });

  test('commands and shortcuts have listeners, and the other way round', () => {
    assert.deepEqual(
      listeners.commands,
      socket.features.slash_commands.map(({ command }) => command),
    );
    assert.deepEqual(
      listeners.shortcuts,
      socket.features.shortcuts.map(({ callback_id }) => callback_id),
    );
    assert.ok(
      socket.features.slash_commands.every(({ should_escape }) => should_escape),
      'people arrive as <@U…>',
    );
  });

  test('every modal with a submit button has a listener, and the other way round', () => {
    const sent = sources.flatMap(({ text }) =>
      /\bsubmit:\s/.test(text) ? found(/\bcallback(?:Id|_id):\s*'([^']+)'/g, text) : [],
    );
    for (const view of listeners.views) assert.ok(sent.includes(view), `no view is called ${view}`);
    assert.ok(listeners.views.includes('voicecall') && listeners.views.includes('voicecall_confirm'));
  });

  test('selects that ask the app for their options have a URL to ask', () => {
    const asks = /'(?:multi_)?external_select'/.test(everything);
    assert.equal(/\.options\(/.test(everything), asks);
    assert.equal(http.settings.interactivity.message_menu_options_url !== undefined, asks);
  });
});

suite('the hooks for the Slack CLI', () => {
  const shape = z.object({
    hooks: z.record(z.string(), z.string()),
    config: z.object({
      watch: z.object({
        manifest: z.object({ paths: z.array(z.string()) }),
        app: z.object({ 'filter-regex': z.string(), paths: z.array(z.string()) }),
      }),
      'sdk-managed-connection-enabled': z.literal(true),
    }),
    runtime: z.string(),
  });
  const { hooks, config } = shape.parse(read('.slack/hooks.json'));
  // Like the CLI: the whole line in a shell, in the project's directory.
  const run = (hook: string): unknown =>
    JSON.parse(execFileSync('sh', ['-c', hooks[hook] ?? ''], { cwd: root }).toString());

  test('get-hooks lists all hooks, get-manifest the manifest for Socket Mode', () => {
    assert.deepEqual(run('get-hooks'), read('.slack/hooks.json'));
    assert.deepEqual(run('get-manifest'), read('manifest/manifest.json'));
    assert.deepEqual(config.watch.manifest.paths, ['manifest/manifest.json']);
  });

  test('start runs a script of package.json', () => {
    const { scripts } = z
      .looseObject({ scripts: z.record(z.string(), z.string()) })
      .parse(read('package.json'));
    assert.equal(hooks.start, 'npm start');
    assert.ok(scripts.start?.includes('src/main.ts'));
  });
});
