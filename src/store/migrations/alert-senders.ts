import type { Step } from './step.ts';

/** Alerts store the app that raised them, because a rule's `from` may name the app instead of the bot. */
export const alertSenders: Step = async (tx) => {
  await tx.schema.alterTable('alerts').addColumn('app_id', 'text').execute();
};
