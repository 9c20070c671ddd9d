/** apps.connections.open, api.test, blocks.validate */

import { checkBlocks, checkMessage, checkView } from '../blocks.ts';
import { refuse } from '../refusal.ts';
import type { JsonObject } from '../types.ts';
import { secret } from '../world.ts';
import type { Call, Methods } from './method.ts';

function openConnection(call: Call): JsonObject {
  const ticket = secret();
  call.world.socketTickets.add(ticket);
  return { url: `${call.world.origin.replace('http', 'ws')}/link?ticket=${ticket}` };
}

function validate(call: Call): JsonObject {
  const { blocks, message, view } = call.args;
  const given = [blocks, message, view].filter((item) => item !== undefined);
  if (given.length !== 1) refuse('invalid_arguments');
  const problems =
    blocks !== undefined
      ? checkBlocks(blocks)
      : message !== undefined
        ? checkMessage(message)
        : checkView(view);
  return { errors: problems.map((problem) => ({ ...problem, code: 'invalid' })) };
}

export const tools: Methods = {
  'apps.connections.open': { token: 'app', run: openConnection },
  'api.test': { token: 'none', run: (call) => ({ args: call.args }) },
  'blocks.validate': { token: 'none', run: validate },
};
