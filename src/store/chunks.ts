/**
 * The limits for parameters in a statement: 65,535 on PostgreSQL, 32,766 on SQLite
 * (https://www.sqlite.org/limits.html#max_variable_number).
 */
const valuesAtOnce = 500;

/**
 * Runs a statement for 500 values at a time: for an `in (…)` over a list of unknown length, or for many rows to insert.
 * `start`: the index of the first of them.
 */
export async function inChunks<Value>(
  values: readonly Value[],
  run: (some: readonly Value[], start: number) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < values.length; start += valuesAtOnce) {
    await run(values.slice(start, start + valuesAtOnce), start);
  }
}
