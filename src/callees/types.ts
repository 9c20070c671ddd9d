/** One number to call: digits with the country code, and the name from its list or file. */
export interface Callee {
  callee: string;
  name: string | null;
  /** IANA name, of the person's Slack profile; absent: the number's country tells. */
  timeZone?: string;
}
