import type { Receiver, ReceiverEvent } from '@slack/bolt';
import { cleanValue } from '../../clean-text.ts';

/**
 * Stores the parts of an incoming envelope that must not be lost. If it throws, Slack gets no acknowledgement and
 * sends the event again.
 */
export type Intake = (body: Record<string, unknown>) => Promise<void>;

/**
 * Runs `intake` before Bolt. Bolt acknowledges an event before any listener runs, and a failed listener would lose
 * it; so the event is stored first. Works the same for HTTP and Socket Mode, because both receivers pass each
 * envelope to `app.processEvent`.
 */
export function withIntake(receiver: Receiver, intake: Intake): Receiver {
  const init = receiver.init.bind(receiver);
  receiver.init = (app) => {
    const processEvent = app.processEvent.bind(app);
    app.processEvent = async (event: ReceiverEvent) => {
      const body = cleanValue(event.body);
      await intake(body);
      await processEvent({ ...event, body });
    };
    init(app);
  };
  return receiver;
}
