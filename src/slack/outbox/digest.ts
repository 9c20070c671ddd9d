import { createHash } from 'node:crypto';
import type { Rendered } from './types.ts';

/** A hash of what a message shows, so that no edit is sent that changes nothing. */
export function shownDigest(rendered: Rendered): string {
  // The content is left out: it may be large, and a file is never edited.
  const { kind } = rendered;
  const shown = kind === 'file' ? { ...rendered, content: '' } : rendered;
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22);
}
