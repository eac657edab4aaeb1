import { parseArn } from "../../schemas/arn.ts";
import { keys, list, text, texts } from "../../schemas/json.ts";

/** The statements of a policy document that allow something; undefined when it is not there or cannot be read. */
function allowed(document: string): readonly unknown[] | undefined {
  try {
    const text_ = document.startsWith("%7B") ? decodeURIComponent(document) : document;
    const parsed: unknown = JSON.parse(text_);
    return list(parsed, "Statement").filter((statement) => text(statement, "Effect") === "Allow");
  } catch {
    return undefined;
  }
}

/** Whom a trust policy lets in beside `service`; undefined when the document is not there or cannot be read. */
export function strangersIn(document: string, service: string): readonly string[] | undefined {
  return allowed(document)?.flatMap((statement) => {
    if (keys(statement, "NotPrincipal").length > 0) return ["everybody but some"];
    const principals = [
      ...texts(statement, "Principal"),
      ...keys(statement, "Principal").flatMap((kind) => texts(statement, "Principal", kind)),
    ];
    return principals.filter((name) => name !== service && name !== `${service}.cn`);
  });
}

/** Everybody, or somebody of another account than `account`. */
export function isForeign(principal: string, account: string): boolean {
  if (principal === "*" || principal.startsWith("everybody")) return true;
  const owner = /^\d{12}$/.test(principal) ? principal : parseArn(principal)?.account;
  return owner !== undefined && owner !== "" && owner !== account;
}

/** Whether a policy gives what makes an administrator: everything, or IAM and the assuming of roles. */
export function isPowerful(document: string): boolean {
  const actions = allowed(document)?.flatMap((statement) => texts(statement, "Action")) ?? [];
  return (
    actions.some((action) => /^(?:\*|(?:iam|sts|organizations):.*)$/i.test(action)) || document.includes('"NotAction"')
  );
}
