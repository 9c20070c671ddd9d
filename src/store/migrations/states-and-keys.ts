import { constrain } from './constraints.ts';
import type { Step } from './step.ts';

/** The database refuses an invalid state, and a row whose request does not exist. */
export const statesAndKeys: Step = async (tx, dialect) => {
  await constrain(tx, dialect, 'requests', {
    values: {
      origin: ['person', 'alert', 'redial'],
      on_unknown: ['again', 'hold'],
      state: [
        ...['awaiting_approval', 'approved', 'rejected', 'expired', 'cancelled'],
        ...['sending', 'sent', 'done', 'failed'],
      ],
    },
  });
  await constrain(tx, dialect, 'submissions', {
    values: {
      state: [
        ...['ready', 'sending', 'accepted', 'refused', 'unknown', 'settled'],
        ...['held', 'cancelled', 'failed'],
      ],
    },
    references: { request_id: 'requests', again_of: 'submissions' },
  });
  await constrain(tx, dialect, 'calls', {
    values: {
      state: [
        ...['ready', 'sending', 'accepted', 'refused', 'unknown', 'held', 'cancelled', 'failed'],
        ...['answered', 'not_answered'],
      ],
    },
    // Not submission_id: for ten thousand callees the database would look up each of them again.
    references: { request_id: 'requests' },
  });
  await constrain(tx, dialect, 'decisions', {
    values: { decision: ['approve', 'reject'] },
    references: { request_id: 'requests' },
  });
  await constrain(tx, dialect, 'events', { references: { request_id: 'requests' } });
};
