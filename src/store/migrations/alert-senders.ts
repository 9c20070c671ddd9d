import type { Step } from './step.ts';

/** Alerts keep the app that raised them: a rule's `from` may name it instead of the bot. */
export const alertSenders: Step = async (tx) => {
  await tx.schema.alterTable('alerts').addColumn('app_id', 'text').execute();
};
