import { isHandsOn } from "../core/component-shape.ts";
import type { Site } from "../core/site.ts";
import type { Impersonating } from "./acting-as.ts";

/** How an account is known to act as service accounts by right, which GitOps tools do to apply what is in a repository: declared by the site,
 * or only called like such an account, in another namespace. Undefined for anybody else, and for what no such tool does. */
export function gitOpsOf(site: Site, request: Impersonating): "declared" | "name" | undefined {
  const { name, serviceAccount } = request.actor;
  if (isHandsOn(request)) return undefined;
  if (site.gitOps.has(name)) return "declared";
  const alike = serviceAccount && [...site.gitOps].some((account) => account.endsWith(`:${serviceAccount.name}`));
  return alike ? "name" : undefined;
}
