import { z } from 'zod';

/** The largest page size of the platform. */
export const pageSize = 100;

const count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).catch(0);
const pageShape = z.looseObject({ total: count, pages: count, records: z.array(z.unknown()) });

export interface Page {
  total: number;
  pages: number;
  records: unknown[];
}

/** Reads a page from an answer's `data`. Null if it is not a page. */
export function parsePage(data: unknown): Page | null {
  const parsed = pageShape.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/**
 * Passes every page's elements to `take`, in order. An element that moves between pages may come twice. If the total
 * changes while paging, page 1 is read again. Returns false if there are more than `maxPages` pages.
 */
export async function readPages(
  readPage: (current: number) => Promise<Page>,
  maxPages: number,
  take: (elements: unknown[]) => void | Promise<void>,
): Promise<boolean> {
  const totals = new Set<number>();
  let seen = 0;
  for (let current = 1; current <= maxPages; current++) {
    const page = await readPage(current);
    await take(page.records);
    seen += page.records.length;
    totals.add(page.total);
    const uncounted = page.total === 0 && page.pages === 0;
    const more = uncounted || current < page.pages || seen < page.total;
    if (page.records.length > 0 && more) continue;
    if (totals.size > 1) await take((await readPage(1)).records);
    return true;
  }
  return false;
}
