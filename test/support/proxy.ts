import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A connection between a client and PostgreSQL that can be cut. */
export interface CuttableProxy {
  url: string;
  /** Passes nothing any more and closes nothing, as if a cable were pulled. */
  freeze(): void;
  /**
   * Called with what a client sends and the number of its connection. True: forwards it and cuts that connection
   * before the answer. 'before': cuts it without forwarding.
   */
  cutAfter(sees: Sees): void;
  close(): Promise<void>;
}

type Sees = (bytes: Buffer, connection: number) => boolean | 'before';

/** Starts a proxy on loopback for the server in a postgres:// URL. */
export async function startProxy(databaseUrl: string): Promise<CuttableProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let frozen = false;
  let cut: Sees = () => false;
  let connections = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    const connection = ++connections;
    let deaf = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        if (frozen) return;
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (frozen) return;
      const how = cut(bytes, connection);
      if (how !== false) {
        deaf = true;
        if (how === true) upstream.write(bytes);
        setTimeout(() => client.destroy(), 50);
        return;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (!frozen && !deaf) client.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(address.port);
  return {
    url: url.href,
    freeze() {
      frozen = true;
    },
    cutAfter(sees) {
      cut = sees;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
