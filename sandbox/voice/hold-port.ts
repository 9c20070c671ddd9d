import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A port of loopback that nobody listens on and that the system gives to nobody else. */
export interface HeldPort {
  port: number;
  /** The port is free. A server may listen on it even before that, but not on Windows. */
  release(): void;
}

/**
 * Holds a port (0: any free one) by a connection from it. Otherwise another process may get a port between the moment
 * when its server stops and the moment when it listens again.
 */
export async function holdPort(port = 0): Promise<HeldPort> {
  const other = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  const local = { localAddress: '127.0.0.1', localPort: port };
  const socket = connect({ host: '127.0.0.1', port: address.port, ...local });
  socket.on('error', () => {});
  await once(socket, 'connect');
  other.unref();
  socket.unref();
  return {
    port: socket.localPort ?? port,
    release() {
      socket.resetAndDestroy();
      other.close();
    },
  };
}
