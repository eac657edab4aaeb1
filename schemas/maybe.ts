import Type, { type Static, type TSchema } from "typebox";

/** An optional field that other producers also write as null. `type: [T, "null"]` instead of a union: half the code of the validator. */
export const Maybe = <T extends TSchema & { readonly type: string }>(schema: T) =>
  Type.Optional(Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, "null"] }));

/** An object of our own: unknown keys are refused. */
export const Strict = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
