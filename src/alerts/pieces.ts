import type { FoundLink } from './text.ts';

/** Where a piece of a message comes from. The earlier kinds say more about the alert. */
export type PieceKind =
  | 'text'
  | 'header'
  | 'section'
  | 'context'
  | 'pretext'
  | 'title'
  | 'body'
  | 'field'
  | 'button'
  | 'fallback';

export interface Piece {
  kind: PieceKind;
  lines: string[];
  links: FoundLink[];
}

export interface Field {
  label: string;
  value: string;
}

/** A message as plain text in reading order. */
export interface Flattened {
  pieces: Piece[];
  /** Fields that the tool laid out. labels.ts finds the labels inside text. */
  fields: Field[];
  /** The colours of the attachments, in order, unchanged. */
  colors: string[];
  /** Kept for a severity that is missing in a shortened title. */
  fallbacks: string[];
  /** All lines, for rules that match the text. */
  text: string;
}

/** Collects pieces until the budget is used up. */
export interface Sink {
  flat: Flattened;
  /** How many more characters may be read. */
  budget: number;
  add(kind: PieceKind, raw: unknown): void;
  field(label: unknown, value: unknown): void;
  link(kind: PieceKind, url: unknown): void;
}
