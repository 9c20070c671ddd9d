import type { EndpointHandler } from './types.ts';

/** GET getBalance: its fields are at the top level of the answer, not in `data`. */
export const getBalance: EndpointHandler = {
  method: 'GET',
  check: (world) => ({
    callees: [],
    act: () => ({
      code: '0',
      reason: 'success',
      fields: { balance: world.behaviour.balance, gift: '0.000', credit: '0.000' },
    }),
  }),
};
