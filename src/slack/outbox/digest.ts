import { createHash } from 'node:crypto';
import type { Rendered } from './types.ts';

/** A hash of what a message shows, so that an edit which changes nothing is not made. */
export function shownDigest(rendered: Rendered): string {
  // A file is never edited, and may be large.
  const { kind } = rendered;
  const shown = kind === 'file' ? { ...rendered, content: '' } : rendered;
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22);
}
