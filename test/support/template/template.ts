export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Section = Readonly<Record<string, Json>>;

/** A resource of a CloudFormation template, with DependsOn, DeletionPolicy and the like beside its properties. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Section;
  readonly [attribute: string]: Json | undefined;
}

/** A CloudFormation template without transforms. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: Json }>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Section>>>>;
  readonly Conditions?: Section;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, Section>>;
  readonly [section: string]: unknown;
}

export const isSection = (value: unknown): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value);
