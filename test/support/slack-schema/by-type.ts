// For a union, a schema only says that no branch fits. If the branches differ by `type`, report the branch with that
// type.
import { z } from 'zod';

export type Schema = Record<string, unknown>;

const definitionsShape = z.looseObject({ definitions: z.record(z.string(), z.looseObject({})) });
const unionShape = z.looseObject({ anyOf: z.array(z.looseObject({})) });
const typedShape = z.looseObject({
  properties: z.looseObject({ type: z.looseObject({ const: z.string() }) }),
});

/**
 * The same schema, but in each union whose branches all have a constant `type`, a value is checked against the branch
 * of its type.
 */
export function chooseByType(schema: unknown): Schema {
  const { definitions, ...rest } = definitionsShape.parse(schema);

  const resolved = (branch: Schema): Schema => {
    const name = typeof branch.$ref === 'string' ? branch.$ref.replace('#/definitions/', '') : undefined;
    return name === undefined ? branch : (definitions[name] ?? branch);
  };

  /** A union in a union is one union. A branch that is referred to stays a reference. */
  const branchesOf = (branch: Schema): Schema[] => {
    const union = unionShape.safeParse(resolved(branch));
    return union.success ? union.data.anyOf.flatMap(branchesOf) : [branch];
  };

  const rewritten = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(rewritten);
    if (typeof node !== 'object' || node === null) return node;
    return byType(node as Schema) ?? mapValues(node as Schema, rewritten);
  };

  const byType = (node: Schema): Schema | undefined => {
    if (!unionShape.safeParse(node).success) return undefined;
    const branches = branchesOf(node);
    const types = branches.map(
      (branch) => typedShape.safeParse(resolved(branch)).data?.properties.type.const,
    );
    const known = [...new Set(types)].filter((type) => type !== undefined);
    if (types.includes(undefined)) return undefined;
    return {
      type: 'object',
      required: ['type'],
      properties: { type: { enum: known } },
      allOf: known.map((type) => ({
        if: { required: ['type'], properties: { type: { const: type } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema.
        then: oneOrAny(
          branches.filter((_, i) => types[i] === type).map((branch) => mapValues(branch, rewritten)),
        ),
      })),
    };
  };

  return { ...rest, definitions: mapValues(definitions, rewritten) };
}

function oneOrAny(branches: Schema[]): Schema {
  const [only, ...others] = branches;
  return only !== undefined && others.length === 0 ? only : { anyOf: branches };
}

function mapValues(object: Schema, change: (value: unknown) => unknown): Schema {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
