import { createHmac, timingSafeEqual } from 'node:crypto';

// "v1.<submission id>.<mac>": connects records and reports to a submission; they carry nothing else of ours. The MAC
// makes a forged report detectable, because the platform does not sign reports. It contains no personal data, because
// the platform shows it in its console.
const shape = /v1\.([0-9a-z]+)\.([A-Za-z0-9_-]{16})(?![A-Za-z0-9_-])/g;

function mac(secret: string, submissionId: string): string {
  return createHmac('sha256', secret).update(submissionId).digest('base64url').slice(0, 16);
}

/** The submission's token: at most 64 ASCII characters, with a MAC of 96 bits. */
export function makeToken(secret: string, submissionId: string): string {
  return `v1.${submissionId}.${mac(secret, submissionId)}`;
}

/** The calledInfo to send: the person's text, a space and the token. */
export function calledInfoWith(note: string, token: string): string {
  return note === '' ? token : `${note} ${token}`;
}

/** The last genuine token in a returned calledInfo. Null if there is none. */
export function findToken(secret: string, calledInfo: string | null): string | null {
  if (calledInfo === null) return null;
  for (const match of [...calledInfo.slice(-1100).matchAll(shape)].reverse()) {
    const [token, submissionId = '', given = ''] = match;
    if (timingSafeEqual(Buffer.from(given), Buffer.from(mac(secret, submissionId)))) return token;
  }
  return null;
}

/** How many characters of calledInfo are left for the person's note: the platform takes 1,000 in all. */
export const noteLength = 1000 - 64 - 1;
