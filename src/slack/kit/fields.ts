import type { ViewStateValue } from '@slack/bolt';
import { z } from 'zod';

export type ViewValues = Record<string, Record<string, ViewStateValue>>;

/** A modal's input by its block_id, whatever its action_id is. */
function inputOf(values: ViewValues, blockId: string): ViewStateValue | undefined {
  return Object.values(values[blockId] ?? {})[0];
}

/** The typed text, or the value of the chosen option. Empty if there is neither. */
export function textField(values: ViewValues, blockId: string): string {
  const input = inputOf(values, blockId);
  return input?.value ?? input?.selected_option?.value ?? '';
}

/** The values of the chosen options, or the ids of the chosen users. */
export function choicesField(values: ViewValues, blockId: string): string[] {
  const input = inputOf(values, blockId);
  if (input === undefined) return [];
  if (input.selected_users !== undefined) return input.selected_users;
  return (input.selected_options ?? []).map((option) => option.value);
}

/** The chosen time in ms since the epoch; null if none was chosen. */
export function timeField(values: ViewValues, blockId: string): number | null {
  const seconds = Number(inputOf(values, blockId)?.selected_date_time ?? 0);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1000 : null;
}

/** The id of the chosen channel, or null. */
export function channelField(values: ViewValues, blockId: string): string | null {
  const input = inputOf(values, blockId);
  return input?.selected_conversation ?? input?.selected_channel ?? null;
}

const addedFile = z.looseObject({
  id: z.string().optional(),
  size: z.number().optional(),
  url_private: z.string().optional(),
  url_private_download: z.string().optional(),
});

export type AddedFile = z.infer<typeof addedFile>;

/** The files that a person added to a file input. */
export function filesField(values: ViewValues, blockId: string): AddedFile[] {
  const input: { files?: unknown } = inputOf(values, blockId) ?? {};
  return z.array(addedFile).catch([]).parse(input.files);
}
