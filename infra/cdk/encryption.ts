import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { fill, type Values } from "../names.ts";
import { keyGrants } from "../rights.ts";
import type { CrosstrailProps } from "./props.ts";

/** The key for everything that is kept: the stack's own, or one that is given, with the statements that services need. Throws where a given key cannot be given them. */
export function encryption(scope: Construct, { key: given, keyHasGrants }: CrosstrailProps, pseudo: Values): IKey {
  const key =
    given ??
    new Key(scope, "Key", {
      ...{ enableKeyRotation: true, description: "crosstrail" },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  const statements = keyGrants.map(
    ({ sid, service, actions, conditions }) =>
      new PolicyStatement({
        ...{ sid, actions: [...actions], resources: ["*"] }, // in the policy of a key: this key
        principals: [new ServicePrincipal(fill(service, pseudo))],
        conditions: fill(conditions, pseudo),
      }),
  );
  const added = statements.map((statement) => key.addToResourcePolicy(statement).statementAdded);
  if (keyHasGrants === true || !added.includes(false)) return key;
  const needed = statements.map((statement) => statement.toStatementJson());
  throw new Error(
    `key: the policy of ${key.keyArn} cannot be changed from here. It has to allow this (Region and account are those of the stack):\n` +
      `${JSON.stringify(Stack.of(scope).resolve(needed), undefined, 2)}\nPut these statements into it, then set keyHasGrants: true.`,
  );
}
