import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { severityWord } from '../severity.ts';
import type { ReadPayload } from './types.ts';
import { labelPairs, linkOf, problemOf, textOf, titleOf } from './words.ts';

const dedupKey = z.string().min(1).max(255);

/** https://developer.pagerduty.com/docs/send-alert-event */
const schema = z.discriminatedUnion('event_action', [
  z.looseObject({
    event_action: z.literal('trigger'),
    // Clients without a key may send an empty one.
    dedup_key: z.union([z.literal(''), dedupKey]).nullish(),
    payload: z.looseObject({
      summary: z.string().min(1),
      source: z.string().nullish(),
      severity: z.string().nullish(),
      component: z.string().nullish(),
      group: z.string().nullish(),
      class: z.string().nullish(),
      custom_details: z.unknown().optional(),
    }),
    links: z.array(z.looseObject({ href: z.string().nullish() })).nullish(),
    client: z.string().nullish(),
    client_url: z.string().nullish(),
  }),
  z.looseObject({ event_action: z.literal('acknowledge'), dedup_key: dedupKey }),
  z.looseObject({ event_action: z.literal('resolve'), dedup_key: dedupKey }),
]);

/**
 * PagerDuty's Events API v2. Its times are ignored: a tool may send the time when something began, and Alertmanager
 * sends none. Events count in the order of arrival. A trigger without a key is a separate alert.
 */
export function readEvents(body: unknown): ReadPayload {
  const read = schema.safeParse(body);
  if (!read.success) return { problem: problemOf('an event of the Events API v2', read.error) };
  const event = read.data;
  const key = event.dedup_key || randomUUID().replaceAll('-', '');
  const nothing = {
    title: '',
    severity: null,
    link: null,
    labels: [],
    text: '',
    headline: '',
    at: null,
    by: '',
  };
  if (event.event_action !== 'trigger')
    return { posted: [{ kind: 'alert', ...nothing, action: event.event_action, key }] };
  const { payload } = event;
  const { source, component, group, class: kind } = payload;
  const labels = labelPairs(
    Object.fromEntries(
      Object.entries({ source, component, group, class: kind, client: event.client }).filter(
        ([, value]) => value !== null && value !== undefined,
      ),
    ),
  );
  const details = payload.custom_details;
  const isObject = typeof details === 'object' && details !== null;
  return {
    posted: [
      {
        kind: 'alert',
        action: 'trigger',
        key,
        title: titleOf(payload.summary),
        severity: severityWord(payload.severity ?? ''),
        link: linkOf(event.client_url, ...(event.links ?? []).map(({ href }) => href)),
        labels,
        text: textOf([
          payload.summary,
          ...labels,
          ...(isObject ? labelPairs({ ...details }) : [String(details ?? '')]),
        ]),
        headline: titleOf(payload.summary),
        at: null,
        by: '',
      },
    ],
  };
}
