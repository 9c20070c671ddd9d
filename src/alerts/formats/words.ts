import type { z } from 'zod';
import type { AlertSeverity } from '../../config/types.ts';
import { readSeverity } from '../severity.ts';
import { linesOf, visible } from '../text.ts';

const titleLength = 300;
const valueLength = 300;
const mostLabels = 50;
/** As many characters as a rule's regular expression reads. */
const textLength = 8_000;

/** A title on one line, without invisible characters. */
export function titleOf(text: string): string {
  return linesOf(visible(text.slice(0, 2_000)))
    .join(' ')
    .slice(0, titleLength)
    .trim();
}

/** Labels for showing: limited in number and length, without empty ones. */
export function labelPairs(labels: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(labels)
    .slice(0, mostLabels)
    .map(([name, value]): [string, string] => [clip(name, 100), clip(words(value), valueLength)])
    .filter(([name, value]) => name !== '' && value !== '');
}

function clip(text: string, most: number): string {
  return linesOf(visible(text.slice(0, 4 * most)))
    .join(' ')
    .slice(0, most)
    .toWellFormed();
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Everything that a rule may match, in lines "name: value". */
export function textOf(parts: readonly (string | [string, string])[]): string {
  let text = '';
  for (const part of parts) {
    if (text.length >= textLength) break;
    text += `${typeof part === 'string' ? visible(part.slice(0, textLength)) : `${part[0]}: ${part[1]}`}\n`;
  }
  return text.slice(0, textLength).trim().toWellFormed();
}

/** The severity in a label or field ("severity", "priority" …). Null: none is stated. */
export function severityOf(labels: Readonly<Record<string, string>>): AlertSeverity | null {
  const read = Object.entries(labels)
    .slice(0, mostLabels)
    .map(([name, value]) => ({
      name: name.toLowerCase().replaceAll('_', ' '),
      value: value.slice(0, 100),
      line: undefined,
    }));
  return readSeverity({ labels: read, heads: [], fallbacks: [], states: [], isAzure: false });
}

const order: AlertSeverity[] = ['critical', 'warning', 'info'];

/** The worst of several severities. Null if none is stated. */
export function worst(severities: readonly (AlertSeverity | null)[]): AlertSeverity | null {
  return order.find((each) => severities.includes(each)) ?? null;
}

/** A time in RFC 3339, in ms. Null if there is none, or if it is the year 1, which Go writes for no time. */
export function timeOf(text: string | null | undefined): number | null {
  const at = text === undefined || text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(at) && at > 0 ? at : null;
}

/** The first address that a browser may open. */
export function linkOf(...candidates: unknown[]): string | null {
  for (const each of candidates) {
    if (typeof each !== 'string' || each.length > 2_000) continue;
    const url = URL.parse(each);
    if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url.href;
  }
  return null;
}

/**
 * What is wrong with a body, in words, without any of its content.
 * @param name what it should be, with its article
 */
export function problemOf(name: string, error: z.ZodError): string {
  const [issue] = error.issues;
  const at =
    issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.').slice(0, 100)}"`;
  return `this is not ${name}${at}: ${issue?.message ?? 'it has another shape'}`;
}
