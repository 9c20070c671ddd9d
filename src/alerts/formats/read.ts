import type { SourceFormat } from '../../config/types.ts';
import { readAlertmanager } from './alertmanager.ts';
import { readEvents } from './events.ts';
import { readGrafana } from './grafana.ts';
import { readSlackWebhook } from './slack-webhook.ts';
import type { ReadPayload } from './types.ts';

const readers: Record<SourceFormat, (body: unknown) => ReadPayload> = {
  alertmanager: readAlertmanager,
  grafana: readGrafana,
  events: readEvents,
  slack: readSlackWebhook,
};

/** Reads a body of this format. Pure, except that an event without a key gets a new one. */
export function readPayload(format: SourceFormat, body: unknown): ReadPayload {
  return readers[format](body);
}
