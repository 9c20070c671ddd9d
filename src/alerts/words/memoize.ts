/** How many results are kept. One message has about a dozen lines that are read more than once. */
const most = 32;

/** A pure function that keeps its last results, because a title is read for its state, its name and its reason. */
export function memoize<Result>(read: (line: string) => Result): (line: string) => Result {
  const known = new Map<string, Result>();
  return (line) => {
    const found = known.get(line);
    if (found !== undefined) return found;
    const result = read(line);
    if (known.size >= most) known.clear();
    known.set(line, result);
    return result;
  };
}
