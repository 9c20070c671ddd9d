import type { Step } from './step.ts';

/** Alerts that tools post to us: what is shown of them in Slack, where no message of the tool itself stands. */
export const postedAlerts: Step = async (tx) => {
  await tx.schema.alterTable('alerts').addColumn('details', 'text').execute();
  await tx.schema.alterTable('requests').addColumn('thread_post', 'text').execute();
};
