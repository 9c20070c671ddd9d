import { randomBytes } from 'node:crypto';

// Crockford's alphabet: without I, L, O and U, so that an id can be read out on the phone
// (https://www.crockford.com/base32.html).
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A random id such as "r7k2m9x0q4ab": the prefix and 12 characters (60 bits). */
export function newId(prefix: string): string {
  let id = prefix;
  for (const byte of randomBytes(12)) id += alphabet[byte % 32];
  return id;
}
