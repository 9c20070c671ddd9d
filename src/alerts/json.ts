/** Any object from JSON.parse, with unknown fields. */
export type JsonObject = Record<string, unknown>;

/** The value if it is an object (not an array), else undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // The checks above prove it, but TypeScript does not follow them to an index signature.
  return value as JsonObject;
}

/** The value if it is an array, else an empty array. */
export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a non-empty string, else undefined. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
