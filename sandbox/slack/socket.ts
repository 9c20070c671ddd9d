/** Socket Mode's server side: https://docs.slack.dev/apis/events-api/using-socket-mode */

import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject } from './block-checks.ts';
import type { JsonObject } from './types.ts';
import { emit, type World } from './world.ts';

const PING_EVERY_MS = 10_000;
const CLOSE_WITHIN_MS = 500;

/** Serves /link on this server. Envelopes go to the open sockets in turn. `stop` closes them all. */
export function serveSockets(
  world: World,
  server: Server,
): { disconnect(reason: string): void; stop(): Promise<void> } {
  const sockets = new Set<WebSocket>();
  const listener = new WebSocketServer({ noServer: true });
  let turn = 0;

  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', world.origin);
    const ticket = url.searchParams.get('ticket') ?? '';
    // A ticket from apps.connections.open opens one socket.
    if (url.pathname !== '/link' || !world.socketTickets.delete(ticket)) return socket.destroy();
    listener.handleUpgrade(request, socket, head, (opened) => welcome(opened));
  });

  function welcome(socket: WebSocket): void {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      emit(world, { type: 'world' });
    });
    socket.on('error', () => socket.terminate());
    socket.on('message', (data) => receive(String(data)));
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: sockets.size,
        connection_info: { app_id: world.state.app.id },
        debug_info: { host: 'sandbox', approximate_connection_time: 18_060 },
      }),
    );
    emit(world, { type: 'world' });
  }

  function receive(data: string): void {
    const answer: unknown = JSON.parse(data);
    if (!isObject(answer) || typeof answer.envelope_id !== 'string') return;
    const payload =
      isObject(answer.payload) && Object.keys(answer.payload).length > 0 ? answer.payload : null;
    world.sockets.waiting.get(answer.envelope_id)?.(payload);
  }

  const pings = setInterval(() => {
    for (const socket of sockets) socket.ping();
  }, PING_EVERY_MS);
  pings.unref();

  const open = (): WebSocket[] => [...sockets].filter((socket) => socket.readyState === socket.OPEN);
  world.sockets.count = () => open().length;
  world.sockets.send = (envelope: JsonObject) => {
    const ready = open();
    const chosen = ready[turn++ % Math.max(1, ready.length)];
    if (chosen === undefined) return false;
    chosen.send(JSON.stringify(envelope));
    return true;
  };

  return {
    disconnect(reason) {
      for (const socket of sockets) {
        socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'sandbox' } }));
        socket.close();
      }
    },
    async stop() {
      clearInterval(pings);
      // With a closing handshake, because clients that are cut off keep their ping timers for half a minute.
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.close(1001);
      const patience = setTimeout(() => {
        for (const socket of sockets) socket.terminate();
      }, CLOSE_WITHIN_MS);
      await Promise.all(closed);
      clearTimeout(patience);
      listener.close();
    },
  };
}
