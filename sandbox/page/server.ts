import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Rule } from '../../src/config/types.ts';
import { listen } from '../listen.ts';
import type { SandboxSlack } from '../slack/types.ts';
import { act, type Outside } from './actions.ts';
import { consequence, createAlertPoster, samples } from './alerts.ts';
import { html } from './html.ts';
import type { Phones } from './phones.ts';
import { createSlackSwitch, slackDownHtml } from './slack-down.ts';
import { type AppStatus, picture } from './state.ts';

export interface PageOptions {
  readonly slack: SandboxSlack;
  readonly phones: Phones;
  /** The channel for sample alerts. */
  readonly alertChannel: string;
  /** The app's rules: each sample shows what they do with it. */
  readonly rules: Rule[];
  /** 0: any free port. If the port is taken, a free one is used. */
  readonly port: number;
  readonly status: () => AppStatus;
  /** Posts an alert to the app. Returns a sentence with the result. */
  readonly post: (resolved: boolean) => Promise<string>;
}

export interface Page {
  readonly url: string;
  /** Draws again, for changes outside Slack and the phones (the app's process, for example). */
  refresh(): void;
  stop(): Promise<void>;
}

const types: Record<string, string> = { html: 'text/html', css: 'text/css', js: 'text/javascript' };
const folder = new URL('public/', import.meta.url);
const bodyLimit = 20 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > bodyLimit) throw new Error('That is too large for the sandbox (20 MB at most).');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** The renderer's own style sheet, changed from an id that would repeat to the class. */
async function blocksCss(): Promise<string> {
  const path = createRequire(import.meta.url).resolve('slack-blocks-to-jsx/dist/style.css');
  const css = await readFile(path, 'utf8');
  return css.replaceAll('#slack_blocks_to_jsx', '.slack_blocks_to_jsx');
}

/** The samples of alerts, each with what the rules do with it. */
function sampleButtons({ slack, alertChannel: channel, rules }: PageOptions): string {
  const nameOf = (id: string) =>
    slack.state.users.get(id)?.profile.display_name ||
    samples.find((sample) => sample.bot === id)?.tool ||
    id;
  return html`${samples.map(
    (sample) => html`<div class="sample" role="group" aria-label="${sample.tool}"><b>${sample.tool}</b>
      <button type="button" data-sample="${sample.id}">Firing</button>
      <button type="button" data-sample="${sample.id}" data-resolved>Resolved</button>
      <span>${sample.title}<small>${consequence(sample, channel, rules, Date.now()).replace(/\b[UB][A-Z0-9]{4,}\b/g, nameOf)}</small></span></div>`,
  )}`.markup;
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // The page may load things from this server only, whatever a message contains.
    'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
  });
  response.end(body);
}

function sendFile(response: ServerResponse, slack: SandboxSlack, id: string): void {
  const file = slack.state.files.get(id);
  if (file === undefined) {
    send(response, 404, 'text/plain', 'There is no such file.');
    return;
  }
  response.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`);
  send(response, 200, 'application/octet-stream', file.content);
}

/** Only this machine's own page may act. Otherwise another site could act through the visitor's browser. */
function isOurs(request: IncomingMessage): boolean {
  const host = request.headers.host ?? '';
  const origin = request.headers.origin;
  return (
    /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host) &&
    (origin === undefined || origin === `http://${host}`)
  );
}

/** Listens on a port, or on any free one if it is taken. */
async function listenSomewhere(server: Server, port: number): Promise<number> {
  try {
    return await listen(server, port);
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!taken || port === 0) throw error;
    return await listen(server, 0);
  }
}

/** The pages in browsers that show each change. */
interface Watchers {
  add(response: ServerResponse): void;
  refresh(): void;
  stop(): void;
}

function createWatchers(): Watchers {
  const watchers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | null = null;
  return {
    add(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('data: hello\n\n');
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
    },
    refresh() {
      // Many changes come together, and one picture is enough for them.
      timer ??= setTimeout(() => {
        timer = null;
        for (const watcher of watchers) watcher.write('data: changed\n\n');
      }, 30);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      for (const watcher of watchers) watcher.end();
    },
  };
}

/** What the page shows and does. */
interface Parts {
  options: PageOptions;
  css: string;
  /** The calls whose phones were left to ring. */
  left: Set<string>;
  slackSwitch: ReturnType<typeof createSlackSwitch>;
  watchers: Watchers;
}

/** What the page's buttons do outside Slack. */
function outsideOf({ options, left, slackSwitch, watchers }: Parts): Outside {
  const { slack, phones } = options;
  return {
    post: options.post,
    slackDown() {
      const sentence = slackSwitch.turn();
      watchers.refresh();
      return sentence;
    },
    postAlert: createAlertPoster(slack, options.alertChannel),
    phone(call, what, key = '') {
      if (what === 'answer') phones.answer(call);
      if (what === 'decline') phones.decline(call);
      if (what === 'hangup') phones.hangUp(call);
      if (what === 'key') phones.press(call, key);
      if (what === 'leave') {
        phones.leaveRinging(call);
        left.add(call);
      }
      watchers.refresh();
    },
    async fault(id) {
      const sentence = await phones.fault(id);
      watchers.refresh();
      return sentence;
    },
  };
}

async function route(
  parts: Parts,
  outside: Outside,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { slack } = parts.options;
  if (!isOurs(request)) return send(response, 403, 'text/plain', 'The sandbox answers its own page only.');
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname;
  if (request.method === 'POST' && path === '/do') {
    const done = await act(slack, outside, await readBody(request));
    return send(response, 200, 'application/json', JSON.stringify(done));
  }
  if (request.method !== 'GET') return send(response, 405, 'text/plain', 'That cannot be done here.');
  if (path === '/changes') return parts.watchers.add(response);
  if (path === '/picture')
    return send(response, 200, 'application/json', JSON.stringify(drawn(parts, url.searchParams)));
  if (path.startsWith('/files/')) return sendFile(response, slack, decodeURIComponent(path.slice(7)));
  if (path === '/blocks.css') return send(response, 200, 'text/css; charset=utf-8', parts.css);
  await sendPart(parts.options, path === '/' ? 'index.html' : path.slice(1), response);
}

function drawn({ options, left, slackSwitch }: Parts, asked: URLSearchParams): ReturnType<typeof picture> {
  const read = (name: string) => asked.get(name) ?? '';
  const look = { me: read('me'), channel: read('channel'), thread: read('thread') };
  const whole = picture(options.slack, options.phones, left, options.status(), look);
  return { ...whole, regions: { ...whole.regions, slackdown: slackDownHtml(slackSwitch) } };
}

/** Sends a file of `public/`. */
async function sendPart(options: PageOptions, name: string, response: ServerResponse): Promise<void> {
  const type = /^[a-z]+\.(html|css|js)$/.exec(name)?.[1];
  if (type === undefined) return send(response, 404, 'text/plain', 'There is nothing here.');
  const file = await readFile(new URL(name, folder), 'utf8').catch(() => null);
  if (file === null) return send(response, 404, 'text/plain', 'There is nothing here.');
  const text = file.replace('<!--samples-->', () => sampleButtons(options));
  send(response, 200, `${types[type]}; charset=utf-8`, text);
}

/** Serves the page on loopback. Rejects if no port is free. */
export async function startPage(options: PageOptions): Promise<Page> {
  const { slack, phones } = options;
  const watchers = createWatchers();
  const parts: Parts = {
    options,
    watchers,
    css: await blocksCss(),
    left: new Set(),
    slackSwitch: createSlackSwitch(slack),
  };
  const outside = outsideOf(parts);
  const server = createServer((request, response) => {
    route(parts, outside, request, response).catch((error: unknown) => {
      const notice = error instanceof Error ? error.message : String(error);
      send(response, 500, 'application/json', JSON.stringify({ notice }));
    });
  });
  const port = await listenSomewhere(server, options.port);
  const unwatchSlack = slack.onChange(watchers.refresh);
  const unwatchPhones = phones.onChange(watchers.refresh);

  return {
    url: `http://127.0.0.1:${port}/`,
    refresh: watchers.refresh,
    stop() {
      unwatchSlack();
      unwatchPhones();
      watchers.stop();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
