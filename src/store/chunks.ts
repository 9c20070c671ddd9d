/** PostgreSQL takes 65,535 parameters in a statement, SQLite 32,766 (https://www.sqlite.org/limits.html#max_variable_number). */
const valuesAtOnce = 500;

/** Runs a statement for every few of the values: for each `in (…)` over a list of unknown length. */
export async function inChunks<Value>(
  values: readonly Value[],
  run: (some: readonly Value[]) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < values.length; start += valuesAtOnce) {
    await run(values.slice(start, start + valuesAtOnce));
  }
}
