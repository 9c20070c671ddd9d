import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { cleanValue } from '../clean-text.ts';

/** A YAML file as plain data, with the place of each value. */
export interface YamlFile {
  data: unknown;
  /** The "line:column" of the value at a path, or of the nearest value around it. Both start at 1. */
  placeOf(path: (string | number)[]): string;
  /** The same for a key of the map at `path`. */
  placeOfKey(path: (string | number)[], key: string): string;
}

export interface YamlFault {
  place: string;
  found: string;
  expected: string;
  hint?: string;
}

/**
 * Parses YAML 1.2. Faults: duplicate keys, tabs, several documents, numbers that lose digits. Only with the last kind
 * is there a `file` too. Never throws.
 */
export function readYaml(text: string): { file?: YamlFile; faults: YamlFault[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const faults: YamlFault[] = [...document.errors, ...document.warnings].map((error) => ({
    place: at(error.pos[0]),
    found: `text that is not valid YAML (${error.message.split('\n')[0] ?? error.code})`,
    expected: error.code === 'DUPLICATE_KEY' ? 'each key once' : 'YAML',
    ...(error.code === 'TAB_AS_INDENT' ? { hint: 'Indent with spaces.' } : {}),
  }));
  if (faults.length > 0) return { faults };
  const lost = keepDigits(document, at);
  let data: unknown;
  try {
    data = cleanValue(document.toJS({ maxAliasCount: 20 }));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'not understood';
    return {
      faults: [
        { place: '1:1', found: `YAML that cannot be resolved (${why})`, expected: 'YAML with few aliases' },
      ],
    };
  }
  return { file: { data, ...placesIn(document, at) }, faults: lost };
}

/**
 * YAML reads +6591110001 and 0123456789 as numbers and drops the "+" or the 0; above 2^53 it loses digits. A "+" is
 * restored from the source text; lost digits are a fault.
 */
function keepDigits(document: Document, at: (offset: number) => string): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'number' && typeof node.value !== 'bigint') return;
      const source = node.source ?? '';
      if (/^\+[0-9]{7,15}$/.test(source)) node.value = source;
      else if (
        /^[-+]?0[0-9xo]/.test(source) ||
        (/^[-+]?[0-9]+$/.test(source) && !Number.isSafeInteger(Number(source)))
      ) {
        faults.push({
          place: at(node.range?.[0] ?? 0),
          found: `a number that YAML does not keep as written (${source.length} characters)`,
          expected: 'it in quotes',
          hint: 'Without quotes YAML drops a leading 0 and the last digits of long numbers.',
        });
      }
    },
  });
  return faults;
}

function placesIn(document: Document, at: (offset: number) => string) {
  const nodeAt = (path: (string | number)[]): Node | null | undefined => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node)) return node;
    }
    return undefined;
  };
  return {
    placeOf: (path: (string | number)[]) => at(nodeAt(path)?.range?.[0] ?? 0),
    placeOfKey(path: (string | number)[], key: string) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && item.key.value === key)
        : undefined;
      const range = isScalar(pair?.key) ? pair.key.range : undefined;
      return at(range?.[0] ?? nodeAt(path)?.range?.[0] ?? 0);
    },
  };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}
