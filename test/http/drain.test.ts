import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpServer } from '../../src/http/server.ts';
import { createLog } from '../../src/log.ts';

test('a kept-alive connection does not delay the stop once its answer is given', async () => {
  const arrived = Promise.withResolvers<void>();
  const stopping = Promise.withResolvers<void>();
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    log: createLog('silent'),
    names: { host: 'HOST', port: 'PORT' },
    route: () => ({
      GET: async (_request, response) => {
        arrived.resolve();
        await stopping.promise;
        response.end('{}');
      },
    }),
  });
  await server.start();
  const agent = new Agent({ keepAlive: true });
  try {
    const answered = new Promise<number | undefined>((resolve, reject) => {
      get({ port: server.port(), host: '127.0.0.1', agent }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      }).on('error', reject);
    });
    await arrived.promise;
    const stopped = server.stop();
    stopping.resolve();
    assert.equal(await answered, 200);
    assert.equal(
      await Promise.race([stopped.then(() => 'stopped'), sleep(60_000, 'still open', { ref: false })]),
      'stopped',
    );
  } finally {
    agent.destroy();
  }
});
