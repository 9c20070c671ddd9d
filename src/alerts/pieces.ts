import type { FoundLink } from './text.ts';

/** Where a piece of a message stands; the first words of the early kinds say most. */
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

/** A message as plain words in reading order. */
export interface Flattened {
  pieces: Piece[];
  /** Fields as the tool laid them out; labels written inside of text are found by labels.ts. */
  fields: Field[];
  /** Colours of the attachments, in order, as written. */
  colors: string[];
  /** Kept for the severity that a shortened title lost. */
  fallbacks: string[];
  /** All lines, for rules that look into the text. */
  text: string;
}

/** Collects pieces until the budget is used up. */
export interface Sink {
  flat: Flattened;
  /** Characters that may still be read. */
  budget: number;
  add(kind: PieceKind, raw: unknown): void;
  field(label: unknown, value: unknown): void;
  link(kind: PieceKind, url: unknown): void;
}
