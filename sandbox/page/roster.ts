import { createServer } from 'node:http';
import { listen } from '../listen.ts';

/** Where voicecall.sandbox.yaml says that the calendar is; the sandbox puts in where it really is. */
export const writtenAddress = 'http://127.0.0.1:3940/shop-duty.ics';

/** How long each person is on duty, ms. */
const turnMs = 4 * 60_000;
const turns = 24 * 15;
const people = ['Asha', 'Ben'];

/** A calendar in which two people take turns of some minutes, for a day around `now`. */
export function dutyCalendar(now: number): string {
  const first = Math.floor(now / turnMs) - 2;
  const events = Array.from({ length: turns }, (_, index) => {
    const turn = first + index;
    return [
      ...[
        'BEGIN:VEVENT',
        `UID:turn-${turn}@sandbox.example`,
        `SUMMARY:Shop on call: ${people[turn % people.length]}`,
      ],
      ...[`DTSTART:${stamp(turn * turnMs)}`, `DTEND:${stamp((turn + 1) * turnMs)}`, 'END:VEVENT'],
    ];
  });
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Sandbox//EN',
    ...events.flat(),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Serves the calendar on loopback. */
export async function startRoster(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/calendar; charset=utf-8' }).end(dutyCalendar(Date.now()));
  });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}/shop-duty.ics`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
