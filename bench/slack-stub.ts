// The minimum that both apps need of Slack. The row for acknowledging must measure the apps, not a sandbox that
// checks blocks.
import { once } from 'node:events';
import { createServer } from 'node:http';

export interface SlackStub {
  url: string;
  /** How often a method was called. */
  calls: Map<string, number>;
  stop(): Promise<void>;
}

const answers: Record<string, object> = {
  'auth.test': { team_id: 'T0BENCH', user_id: 'U0VOICECALL', bot_id: 'B0VOICECALL' },
  'users.info': {
    user: {
      id: 'U0ASHA',
      team_id: 'T0BENCH',
      name: 'asha',
      real_name: 'Asha',
      profile: { real_name: 'Asha', phone: '' },
    },
  },
  'views.open': { view: { id: 'V0BENCH', hash: '1.a' } },
};

/** Starts it on loopback. */
export async function startSlackStub(): Promise<SlackStub> {
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    const method = (request.url ?? '').replace(/^\/api\//, '');
    calls.set(method, (calls.get(method) ?? 0) + 1);
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ok: true, ...answers[method] }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/api/`,
    calls,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
