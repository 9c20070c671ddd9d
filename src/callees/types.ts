/** One number to ring, in digits with its country code, with the name its list or file gave it. */
export interface Callee {
  callee: string;
  name: string | null;
}
