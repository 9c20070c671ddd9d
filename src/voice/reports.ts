import { parseRecord } from './record.ts';
import type { CallRecord } from './types.ts';

/**
 * The delivery reports in a pushed body (read it with parseJson): one object, `{"array": […]}` or a bare array. Each
 * element stands on its own; those that are no report are counted in `setAside`, and lose nobody else's.
 */
export function parseReports(body: unknown): { reports: CallRecord[]; setAside: number } {
  const elements = elementsOf(body);
  const reports = elements.map(parseRecord).filter((report) => report !== null);
  return { reports, setAside: elements.length - reports.length };
}

/** What a pushed body holds: one object, `{"array": […]}` or a bare array. */
export function elementsOf(body: unknown): unknown[] {
  if (Array.isArray(body)) return body;
  if (typeof body === 'object' && body !== null && 'array' in body) {
    return Array.isArray(body.array) ? body.array : [body.array];
  }
  return [body];
}
