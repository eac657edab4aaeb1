import { variables } from "../../functions/runtime/environment.ts";

/** What a text of no meaning cannot stand for. */
const CHOSEN: Readonly<Record<string, string>> = { CROSSTRAIL_SHADOW: "false", CROSSTRAIL_HUB_ROLES: "" };

/** Every variable that a function may ask for, of nothing that there is: enough to start. */
export const environmentOfNothing: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(variables).map((name) => [name, CHOSEN[name] ?? "text"])),
  AWS_REGION: "eu-central-1",
};
