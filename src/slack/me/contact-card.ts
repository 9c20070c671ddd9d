import { post } from '../../outbox/outbox.ts';
import type { SlackDeps } from '../context/deps.ts';
import { callerNumbers, shownCaller } from '../words/caller-numbers.ts';

const minuteMs = 60_000;

/**
 * Sends a person the contact card. Returns false if no caller number is configured. Several presses within a minute
 * send one card.
 */
export async function sendContactCard(deps: SlackDeps, userId: string): Promise<boolean> {
  if (callerNumbers(deps.config()).length === 0) return false;
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    const minute = Math.floor(now / minuteMs);
    await post(tx, now, {
      requestId: null,
      post: { kind: 'contact', userId, minute },
      place: { channelId: userId },
    });
  });
  return true;
}

/** The card as a file; null if no caller number is configured. */
export async function renderContact(deps: SlackDeps) {
  const numbers = callerNumbers(deps.config());
  if (numbers.length === 0) return null;
  const bot = await deps.people.person(deps.identity.botUserId);
  return {
    kind: 'file' as const,
    name: 'voicecall.vcf',
    title: 'Contact card',
    content: contactCard(bot?.name ?? 'Voicecall', numbers),
    comment:
      'The numbers that call you. Save this contact on your phone and let it through at night (Android: star it; iPhone: Emergency Bypass).',
  };
}

/** A vCard 3.0: https://www.rfc-editor.org/rfc/rfc2426 */
export function contactCard(name: string, numbers: readonly string[]): string {
  const lines = [
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:${escaped(name)};;;;`,
    `FN:${escaped(name)}`,
    ...numbers.map((digits) => `TEL;TYPE=VOICE:${escaped(shownCaller(digits))}`),
    'END:VCARD',
  ];
  return `${lines.map(folded).join('\r\n')}\r\n`;
}

function escaped(value: string): string {
  return value
    .replace(/\r\n?|\n/g, '\n')
    .replace(/[\\,;]/g, (character) => `\\${character}`)
    .replaceAll('\n', '\\n')
    .replace(/\p{Cc}/gu, '');
}

/** Splits a line after at most 75 bytes, as the RFC asks. Further lines begin with a space. */
function folded(line: string): string {
  const parts: string[] = [];
  let part = '';
  for (const character of line) {
    if (Buffer.byteLength(part + character) > (parts.length === 0 ? 75 : 74)) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part].join('\r\n ');
}
