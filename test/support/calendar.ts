import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A calendar as a tool serves it, on loopback. */
export interface CalendarServer {
  url: string;
  /** What it answers from now on. */
  serve(answer: string | ((request: IncomingMessage, response: ServerResponse) => void)): void;
  /** Every request that came, with the ETag of the copy that the app has. */
  asked: { path: string; etag: string | undefined }[];
  stop(): Promise<void>;
}

export async function startCalendar(first = calendar()): Promise<CalendarServer> {
  let answer: Parameters<CalendarServer['serve']>[0] = first;
  const asked: CalendarServer['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', etag: request.headers['if-none-match'] });
    if (typeof answer === 'function') return answer(request, response);
    response.writeHead(200, { 'content-type': 'text/calendar; charset=utf-8' }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/basic.ics`,
    serve(next) {
      answer = next;
    },
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A calendar of events, each as lines of its own between BEGIN and END. */
export function calendar(events: string[] = [], head: string[] = []): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Voicecall//Test//EN',
    ...head,
    ...events.flatMap((event, index) => [
      'BEGIN:VEVENT',
      ...(event.includes('UID:') ? [] : [`UID:event-${index}@example.com`]),
      ...event.trim().split(/\n\s*/),
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

/** A single event in UTC; times in ms. */
export function shift(title: string, fromAt: number, toAt: number, more: string[] = []): string {
  return [`SUMMARY:${title}`, `DTSTART:${stamp(fromAt)}`, `DTEND:${stamp(toAt)}`, ...more].join('\n');
}

/** "20260105T090000Z". */
export function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
