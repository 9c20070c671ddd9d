/** One line of the printed table. */
export interface Row {
  what: string;
  /** Voicecall's figure, with its unit. */
  voicecall: string;
  /** The bare Bolt app's figure, if there is one. */
  bareBolt?: string;
  /** Voicecall's figure divided by the bare Bolt app's. */
  ratio?: number;
  /** The goal, in words. */
  wanted: string;
  /** Whether the goal is reached. Absent if the row has no goal. */
  met?: boolean;
}

/** A measurement: its name for `--only`, and the function that measures. Throws LeftOut if it cannot run here. */
export interface Measurement {
  name: string;
  run(options: { quick: boolean }): Promise<Row[]>;
}

/** Says why a measurement was left out. The bench prints it and continues. */
export class LeftOut extends Error {}

/** The value below or at which a share (0 to 1) of the values are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Milliseconds for people: "3.4 ms", "812 ms". */
export function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

/** Bytes as whole megabytes. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** A Markdown table, as in the README. */
export function markdown(rows: readonly Row[]): string {
  const lines = [
    ['what', 'Voicecall', 'bare Bolt', 'ratio', 'wanted', ''],
    ...rows.map((row) => [
      row.what,
      row.voicecall,
      row.bareBolt ?? '',
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
      row.wanted,
      row.met === undefined ? '' : row.met ? 'yes' : '**no**',
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const print = (line: readonly string[]) =>
    `| ${widths.map((width, column) => (line[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = lines;
  return [print(head), print(widths.map((width) => '-'.repeat(width))), ...body.map(print)].join('\n');
}
