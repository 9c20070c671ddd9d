import type { Receiver, ReceiverEvent } from '@slack/bolt';
import { cleanValue } from '../../clean-text.ts';

/** Stores what must not be lost of an incoming envelope; anything thrown keeps Slack from being told it was taken. */
export type Intake = (body: Record<string, unknown>) => Promise<void>;

/**
 * Puts `intake` before Bolt. Bolt acknowledges an Events API event before any listener runs and forgets it when one
 * fails, so an event that must not be lost is stored first. The same for HTTP and for Socket Mode: a receiver hands
 * each envelope to the app it was given, and it is given this one.
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
