/** One number to call: digits with the country code, and the name from its list or file. */
export interface Callee {
  callee: string;
  name: string | null;
  /** IANA name, from the person's Slack profile. Absent: the number's country decides. */
  timeZone?: string;
}
