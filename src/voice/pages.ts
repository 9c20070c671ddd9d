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
 * Gives every page's elements to `take`, in order; elements that moved while paging come twice. Reads page 1 again
 * where the total changed during that. False where `maxPages` were not enough.
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
