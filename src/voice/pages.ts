import { z } from 'zod';

/** The platform's largest page. */
export const pageSize = 100;

const count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).catch(0);
const pageShape = z.looseObject({ total: count, pages: count, records: z.array(z.unknown()) });

export interface Page {
  total: number;
  pages: number;
  records: unknown[];
}

/** A page out of an answer's `data`; null where it is none. */
export function parsePage(data: unknown): Page | null {
  const parsed = pageShape.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/**
 * Every element of every page, in order, elements that moved while paging twice. Reads page 1 again where the total
 * changed meanwhile. `complete` is false where `maxPages` were not enough.
 */
export async function readPages(
  readPage: (current: number) => Promise<Page>,
  maxPages: number,
): Promise<{ elements: unknown[]; complete: boolean }> {
  const elements: unknown[] = [];
  const totals = new Set<number>();
  for (let current = 1; current <= maxPages; current++) {
    const page = await readPage(current);
    elements.push(...page.records);
    totals.add(page.total);
    const uncounted = page.total === 0 && page.pages === 0;
    const more = uncounted || current < page.pages || elements.length < page.total;
    if (page.records.length > 0 && more) continue;
    if (totals.size > 1) elements.push(...(await readPage(1)).records);
    return { elements, complete: true };
  }
  return { elements, complete: false };
}
