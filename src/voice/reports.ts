import { parseRecord } from './record.ts';
import type { CallRecord } from './types.ts';

/**
 * Reads the reports in a pushed body (parsed by parseJson): one object, `{"array": […]}` or a bare array. An element
 * that is not a report is counted in `setAside`; the others are still read.
 */
export function parseReports(body: unknown): { reports: CallRecord[]; setAside: number } {
  const elements = elementsOf(body);
  const reports = elements.map(parseRecord).filter((report) => report !== null);
  return { reports, setAside: elements.length - reports.length };
}

/** The elements of a pushed body: one object, `{"array": […]}` or a bare array. */
export function elementsOf(body: unknown): unknown[] {
  if (Array.isArray(body)) return body;
  if (typeof body === 'object' && body !== null && 'array' in body) {
    return Array.isArray(body.array) ? body.array : [body.array];
  }
  return [body];
}
