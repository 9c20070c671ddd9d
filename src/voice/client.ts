import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type Envelope, foreignLine } from './envelope.ts';
import {
  createReadAgent,
  defaultNetwork,
  type Exchange,
  exchangeOnce,
  type HttpRequest,
  type Network,
} from './exchange.ts';
import { type Page, pageSize, parsePage, readPages } from './pages.ts';
import { createPlatformClock, type PlatformClock } from './platform-clock.ts';
import { askedTooOften, type ReadDeps, read, readError, restMs } from './reads.ts';
import { parseRecord, parseVoiceId } from './record.ts';
import { codeDial, type Dial, groupDial, toSendResult } from './send.ts';
import { signedHeaders } from './sign.ts';
import type {
  Balance,
  CallRecord,
  Recording,
  RecordReader,
  SendControl,
  SendResult,
  UploadResult,
  VoiceClient,
} from './types.ts';
import { readUpload } from './upload.ts';

export interface VoiceSettings {
  /** Host and prefix, for example https://api.itniotech.com/voice, with or without a final slash. */
  apiUrl: string;
  /** A separate URL. If it is not set, no balance is read; signed headers go to no other host. */
  balanceUrl?: string | undefined;
  apiKey: string;
  apiSecret: string;
  appId: string;
}

/** A person may be waiting for these reads with a modal open. */
const readTotalMs = 10_000;
/** Nobody waits for a page of records, and a large page is slow. */
const recordPageTotalMs = 30_000;
const maxRecordingPages = 100;
/** Two million records. This only stops a platform whose paging never ends. */
const maxRecordPages = 20_000;
/** Codes that may mean "no such voiceId, or not visible yet". The platform documents none for this. */
const notFoundCodes = ['-14', '-22', '-24'];

const recordingShape = z.looseObject({ fileId: z.string().min(1), fileName: z.string().catch('') });

/** What all requests of one client share. */
interface Line {
  settings: VoiceSettings;
  base: URL;
  clock: Clock;
  log: Log;
  network: Network;
  platformClock: PlatformClock;
  reads: ReadDeps;
  /** For each endpoint that answered "too often": when it may be asked again, by the monotonic clock. */
  restsUntil: Map<string, number>;
}

/**
 * The voice platform's client. A send never throws and never repeats a request that may have been written. A read
 * throws VoicecallError.
 */
export function createVoiceClient(
  settings: VoiceSettings,
  deps: { clock: Clock; log: Log; network?: Partial<Network> },
): VoiceClient {
  const { clock, log } = deps;
  const network = { ...defaultNetwork, ...deps.network };
  const platformClock = createPlatformClock(clock, log);
  const agent = createReadAgent(network);
  const headers = () => signedHeaders(settings, platformClock.now());
  const reads: ReadDeps = { agent, network, platformClock, headers, log };
  const base = new URL(settings.apiUrl);
  const line: Line = { settings, base, clock, log, network, platformClock, reads, restsUntil: new Map() };
  return {
    sendGroup: (request, control) => send(line, groupDial(request, settings.appId, log), control),
    sendCode: (request, control) => send(line, codeDial(request, settings.appId, log), control),
    fileUpload: (file, signal) => fileUpload(line, file, signal),
    fileQuery: () => fileQuery(line),
    recordGroup: (voiceId) => recordGroup(line, voiceId),
    recordGroupQuery: (fromAt, toAt, reader) => recordGroupQuery(line, fromAt, toAt, reader),
    getBalance: () => getBalance(line),
    clockOffset: () => platformClock.offset(),
    close: () => agent.destroy(),
  };
}

/** The URL of an endpoint. Not resolved as a URL: that would remove an id such as "..". */
function to({ base }: Line, path: string): { origin: string; path: string } {
  return { origin: base.origin, path: `${base.pathname.replace(/\/+$/, '')}/${path}` };
}

/** One signed POST, on a connection of its own. */
async function postOnce(
  line: Line,
  path: string,
  body: string,
  { mayWrite, signal }: Pick<HttpRequest, 'mayWrite' | 'signal'>,
): Promise<Exchange> {
  const { network, platformClock, reads } = line;
  const request = { method: 'POST' as const, ...to(line, path), headers: reads.headers(), body };
  const answer = await exchangeOnce({ ...request, mayWrite, signal }, network);
  if (answer.outcome === 'answer') platformClock.observe(answer.date);
  return answer;
}

async function post(line: Line, dial: Dial, control: SendControl): Promise<SendResult> {
  return toSendResult(await postOnce(line, dial.path, dial.body, control), dial.readRows);
}

async function send(line: Line, dial: Dial, control: SendControl = {}): Promise<SendResult> {
  let result = await post(line, dial, control);
  // Refused only for its time: nothing was called, and this answer carried the platform's time.
  if (result.outcome === 'refused' && result.code === '-16') {
    line.platformClock.refused();
    result = await post(line, dial, control);
  }
  if (result.outcome === 'ambiguous') {
    const { code, why, detail } = result;
    line.log.warn({ path: dial.path, code, why, detail }, 'the result of a submission is unknown');
  }
  return result;
}

/** One read. After an endpoint answered "too often", no caller asks it for a minute. */
async function ask(
  line: Line,
  endpoint: string,
  request: Parameters<typeof read>[0],
  options: Parameters<typeof read>[2],
): Promise<Envelope> {
  const { clock, reads, restsUntil } = line;
  if (clock.monotonic() < (restsUntil.get(endpoint) ?? 0))
    throw readError('-15', `${endpoint} is not asked for a minute`);
  try {
    return await read(request, reads, options);
  } catch (error) {
    if (askedTooOften(error)) restsUntil.set(endpoint, clock.monotonic() + restMs);
    throw error;
  }
}

async function readPage(line: Line, path: string, body: object, totalMs: number): Promise<Page> {
  const request = { method: 'POST' as const, ...to(line, path), body: JSON.stringify(body) };
  const { data } = await ask(line, path, request, { totalMs });
  const page = parsePage(data);
  if (page === null) throw readError('no_code', `${path} answered without a list`);
  return page;
}

async function fileQuery(line: Line): Promise<Recording[]> {
  const { clock, log } = line;
  const endsAt = clock.monotonic() + readTotalMs;
  const elements: unknown[] = [];
  const complete = await readPages(
    (current) => {
      const leftMs = Math.max(1, Math.floor(endsAt - clock.monotonic()));
      return readPage(line, 'fileQuery', { current, size: pageSize }, leftMs);
    },
    maxRecordingPages,
    (page) => {
      elements.push(...page);
    },
  );
  if (!complete) log.warn({ pages: maxRecordingPages }, 'there are more recordings than Voicecall reads');
  const recordings = elements.map((element) => recordingShape.safeParse(element).data);
  const known = recordings.filter((recording) => recording !== undefined);
  const byId = new Map(known.map(({ fileId, fileName }) => [fileId, { fileId, fileName }]));
  return [...byId.values()];
}

async function fileUpload(
  line: Line,
  { fileName, bytes }: { fileName: string; bytes: Uint8Array },
  signal?: AbortSignal,
): Promise<UploadResult> {
  const body = JSON.stringify({ fileName, file: Buffer.from(bytes).toString('base64') });
  const once = async () => readUpload(await postOnce(line, 'fileUpload', body, { signal }));
  const result = await once();
  if (result.outcome !== 'refused' || result.code !== '-16') return result;
  line.platformClock.refused();
  return await once();
}

async function recordGroup(line: Line, voiceId: string): Promise<CallRecord | null> {
  const request = { method: 'GET' as const, ...to(line, `recordGroup/${encodeURIComponent(voiceId)}`) };
  const { code, data } = await ask(line, 'recordGroup', request, {
    totalMs: readTotalMs,
    accept: notFoundCodes,
  });
  if (code !== '0' || typeof data !== 'object' || data === null) return null;
  // A record without a voiceId is taken for the one that we asked for.
  const said = 'voiceId' in data ? parseVoiceId(data.voiceId) : null;
  const record = parseRecord({ ...data, voiceId: said ?? voiceId });
  if (record === null || record.voiceId === voiceId) return record;
  line.log.warn(
    { voiceId, answered: record.voiceId },
    'the platform answered with the record of another call',
  );
  return null;
}

async function recordGroupQuery(
  line: Line,
  fromAt: number,
  toAt: number,
  reader: RecordReader,
): Promise<void> {
  const params = { strTime: platformTime(fromAt), endTime: platformTime(Math.ceil(toAt / 1000) * 1000) };
  let slowly = false;
  const readOne = (current: number) =>
    readPage(line, 'recordGroupQuery', { current, size: pageSize, params }, recordPageTotalMs);
  const complete = await readPages(
    async (current) => {
      if (slowly) await reader.nextTurn();
      try {
        return await readOne(current);
      } catch (error) {
        // The platform counts each page as a query, so this page and the later ones each wait for a turn.
        if (current === 1 || slowly || !askedTooOften(error)) throw error;
        slowly = true;
        await reader.nextTurn();
        return await readOne(current);
      }
    },
    maxRecordPages,
    async (page) => {
      const records = page.map(parseRecord).filter((record) => record !== null);
      if (records.length < page.length)
        line.log.warn({ setAside: page.length - records.length }, 'some records cannot be read');
      await reader.take(records);
    },
  );
  // Absence from half a window would look like proof that a call does not exist.
  if (!complete) throw readError('too_large', `more than ${maxRecordPages} pages of records`);
}

async function getBalance(line: Line): Promise<Balance | null> {
  const { settings } = line;
  if (settings.balanceUrl === undefined) return null;
  const url = new URL(settings.balanceUrl);
  const request = { method: 'GET' as const, origin: url.origin, path: `${url.pathname}${url.search}` };
  const { fields } = await ask(line, 'getBalance', request, { totalMs: readTotalMs });
  const balance = foreignLine(fields.balance);
  if (balance === null) throw readError('no_code', 'getBalance answered without a balance');
  return { balance, gift: foreignLine(fields.gift), credit: foreignLine(fields.credit) };
}

/** Epoch ms in the format of the platform's samples: ISO 8601, whole seconds, +08:00. */
export function platformTime(at: number): string {
  const shifted = new Date(at + 8 * 3_600_000).toISOString();
  return `${shifted.slice(0, 19)}+08:00`;
}
