import type { ViewStateValue } from '@slack/bolt';

export type ViewValues = Record<string, Record<string, ViewStateValue>>;

/** A modal's input by its block_id, whatever its action_id is called. */
function inputOf(values: ViewValues, blockId: string): ViewStateValue | undefined {
  return Object.values(values[blockId] ?? {})[0];
}

/** Typed text, or the chosen option's value; the empty string where nothing was given. */
export function textField(values: ViewValues, blockId: string): string {
  const input = inputOf(values, blockId);
  return input?.value ?? input?.selected_option?.value ?? '';
}

/** Several chosen options' values, users or files. */
export function choicesField(values: ViewValues, blockId: string): string[] {
  const input = inputOf(values, blockId);
  if (input === undefined) return [];
  if (input.selected_users !== undefined) return input.selected_users;
  return (input.selected_options ?? []).map((option) => option.value);
}

/** The chosen time, ms since the epoch; null where none was chosen. */
export function timeField(values: ViewValues, blockId: string): number | null {
  const seconds = Number(inputOf(values, blockId)?.selected_date_time ?? 0);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1000 : null;
}

/** The chosen channel, or null. */
export function channelField(values: ViewValues, blockId: string): string | null {
  const input = inputOf(values, blockId);
  return input?.selected_conversation ?? input?.selected_channel ?? null;
}

export interface AddedFile {
  id?: string;
  size?: number;
  url_private?: string;
  url_private_download?: string;
}

/** Files added to a file input. */
export function filesField(values: ViewValues, blockId: string): AddedFile[] {
  const input: { files?: unknown } = inputOf(values, blockId) ?? {};
  return Array.isArray(input.files) ? (input.files as AddedFile[]) : [];
}
