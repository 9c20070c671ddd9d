/**
 * Reads an http or https address; `fallback` if it is not set. A fault does not show the address, because it may
 * contain a password.
 */
export function readUrl(
  text: string | undefined,
  name: string,
  fallback: string,
  report: (place: string, found: string, expected: string, hint?: string) => undefined,
): string {
  if (text === undefined) return fallback;
  const expected = 'an address like https://host/path';
  const url = URL.parse(text);
  if (url === null) report(name, `what is no address (${text.length} characters)`, expected);
  else if (url.protocol !== 'http:' && url.protocol !== 'https:')
    report(name, `an address of the kind ${url.protocol}`, expected);
  else if (url.username !== '' || url.password !== '')
    report(name, 'an address with a user or password in it', expected);
  else if (url.protocol === 'http:' && !isLoopback(text))
    report(
      name,
      'an http:// address of another machine',
      'an https:// address',
      'What goes there carries keys and phone numbers. Plain http:// is for this machine alone (127.0.0.1, localhost).',
    );
  else if (url.search !== '' || url.hash !== '') report(name, 'an address with "?" or "#" in it', expected);
  return text;
}

/** True if an address is on this machine. */
export function isLoopback(address: string): boolean {
  const host = URL.parse(address)?.hostname ?? '';
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    /^127\.\d+\.\d+\.\d+$/.test(host) ||
    host === '[::1]'
  );
}
