import type { Step } from './step.ts';

/** For alerts that tools post to us: what we show in Slack, because there is no message of the tool. */
export const postedAlerts: Step = async (tx) => {
  await tx.schema.alterTable('alerts').addColumn('details', 'text').execute();
  await tx.schema.alterTable('requests').addColumn('thread_post', 'text').execute();
};
