import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { Client } from 'undici';
import { isInside } from '../../src/rosters/feed-address.ts';
import { fetchFeed, type Outside } from '../../src/rosters/fetch-feed.ts';
import { type CalendarServer, calendar, startCalendar } from '../support/calendar.ts';

/** The internet as a test wants it: every name at an address, and all of it answered by one server on loopback. */
function internet(server: CalendarServer, addresses: Record<string, string[]>): Outside {
  return {
    addressesOf: async (host) => addresses[host] ?? [],
    connect: () => new Client(new URL(server.url).origin),
  };
}

suite('fetching a calendar', () => {
  let server: CalendarServer;
  before(async () => {
    server = await startCalendar();
  });
  after(() => server.stop());
  const redirect = (to: string) => (_: unknown, response: ServerResponse) =>
    void response.writeHead(302, { location: to }).end();
  const faultOf = async (fetching: ReturnType<typeof fetchFeed>) => {
    const fetched = await fetching;
    assert.equal(fetched.kind, 'fault', JSON.stringify(fetched).slice(0, 200));
    return fetched.kind === 'fault' ? fetched.fault : '';
  };
  const publicly = {
    'calendar.example': ['203.0.114.5'],
    'other.example': ['198.51.101.7'],
    'inside.example': ['10.0.0.8'],
  };

  test('what changed comes with its ETag; what did not is said to be the same', async () => {
    server.serve((request, response) => {
      if (request.headers['if-none-match'] === '"v1"') return void response.writeHead(304).end();
      response.writeHead(200, { etag: '"v1"' }).end(calendar());
    });
    assert.deepEqual(await fetchFeed(server.url, null), { kind: 'calendar', text: calendar(), etag: '"v1"' });
    assert.deepEqual(await fetchFeed(server.url, '"v1"'), { kind: 'same' });
  });

  test('50 MB are refused before they are read, however they are sent', async () => {
    server.serve(
      (_, response) => void response.writeHead(200, { 'content-length': String(50 << 20) }).write('BEGIN'),
    );
    assert.equal(await faultOf(fetchFeed(server.url, null)), 'it is larger than 5 MB');
    let sent = 0;
    server.serve((_, response) => {
      response.on('error', () => {});
      const more = () => {
        for (; sent < 50; sent += 1)
          if (!response.write(Buffer.alloc(1 << 20, 'x'))) return void response.once('drain', more);
        response.end();
      };
      response.writeHead(200);
      more();
    });
    assert.equal(await faultOf(fetchFeed(server.url, null)), 'it is larger than 5 MB');
    assert.ok(sent < 50, 'the rest is not waited for');
  });

  test('a feed that is slow, or never ends, is given up', async () => {
    server.serve(() => {});
    assert.equal(
      await faultOf(fetchFeed(server.url, null, undefined, 100)),
      'it did not answer in full within 0.1 s',
    );
    server.serve((_, response) => void response.writeHead(200).write('BEGIN:VCALENDAR'));
    assert.equal(
      await faultOf(fetchFeed(server.url, null, undefined, 100)),
      'it did not answer in full within 0.1 s',
    );
  });

  test('what is answered but 200 is said, without the address', async () => {
    server.serve((_, response) => void response.writeHead(404).end());
    assert.equal(
      await faultOf(fetchFeed(server.url, null)),
      'it answers with HTTP 404: the address is wrong, or was withdrawn',
    );
    await server.stop();
    assert.match(
      await faultOf(fetchFeed(server.url, null)),
      /^it cannot be reached: it refuses the connection$/,
    );
    server = await startCalendar();
  });

  test('redirects are followed to https alone, and never from the internet into a network', async () => {
    const outside = internet(server, publicly);
    const from = 'https://calendar.example/secret.ics';
    const followed = (to: string) => {
      server.serve(redirect(to));
      return faultOf(fetchFeed(from, null, outside));
    };
    assert.match(await followed('http://other.example/a.ics'), /not https/);
    for (const to of [
      'https://inside.example/',
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://169.254.169.254/latest',
    ])
      assert.match(await followed(to), /inside a network, which is not followed/, to);
    assert.match(await followed('file:///etc/passwd'), /not https/);
    assert.match(await followed('https://other.example/again'), /again and again/);
    server.serve((request, response) => {
      if (request.url === '/secret.ics') return redirect('https://other.example/b.ics')(request, response);
      response.writeHead(200).end(calendar());
    });
    assert.equal((await fetchFeed(from, null, outside)).kind, 'calendar');
    // A calendar in one's own network may lead to another one there.
    server.serve((request, response) => {
      if (request.url === '/a.ics') return redirect('https://inside.example/b.ics')(request, response);
      response.writeHead(200).end(calendar());
    });
    assert.equal((await fetchFeed('https://inside.example/a.ics', null, outside)).kind, 'calendar');
  });

  test('a feed on this machine may lead to another one there; http elsewhere is not fetched', async () => {
    server.serve((request, response) => {
      if (request.url !== '/b.ics') return redirect('/b.ics')(request, response);
      response.writeHead(200).end(calendar());
    });
    assert.equal((await fetchFeed(server.url, null)).kind, 'calendar');
    assert.equal(await faultOf(fetchFeed('http://calendar.example/a.ics', null)), 'its address is not https');
  });

  test('addresses inside, in every way of writing them', () => {
    for (const address of [
      '10.1.2.3',
      '172.20.0.1',
      '192.168.1.1',
      '127.9.9.9',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '::1',
      '::',
      'fd00::1',
      'fe80::1',
      '::ffff:10.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::a00:1',
      '::a00:1',
      '2002:a00:1::1',
      '2001:0:a00:1::1',
      'fec0::1',
      'no address',
    ])
      assert.ok(isInside(address), address);
    for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])
      assert.ok(!isInside(address), address);
  });
});
