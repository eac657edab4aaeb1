import Type from "typebox";
import type { Severity } from "../../../schemas/findings/finding.ts";
import { nameOf } from "../../core/actors.ts";
import { doerOf, failedIn, shownIn, toldOf } from "../../core/deed.ts";
import { withoutLast } from "../../core/epoch.ts";
import { autoNodeRole, type Site } from "../../core/site.ts";
import { lowered } from "../../core/weight.ts";
import { joinHalf, type LedgerHit, type Match } from "../../ledger/contracts.ts";

export const params = Type.Object({
  manyInstances: Type.Integer({
    minimum: 2,
    default: 5,
    description: "Instances in one command from which on it is for the whole fleet.",
  }),
});

interface Weight {
  readonly fleet: boolean;
  readonly known: boolean;
  readonly ssm: boolean;
  readonly failed: boolean;
}

/** A session or command that Systems Manager took on found an agent; a key that EC2 took on found nothing yet. */
export function severityOf({ fleet, known: managed, ssm, failed }: Weight): Severity {
  if (fleet) return "low";
  const worth = managed && ssm ? "critical" : "high";
  return lowered(managed ? worth : "medium", failed ? 1 : 0);
}

type Values = Match<"resourceDay", readonly ["managed", "accessed"]>;

/** B-60 by the ledger: an instance that EKS was seen to launch, or a node that was seen at work. */
export const learned = joinHalf({
  watch: "resourceDay",
  match: ["managed", "accessed"],
  params,
  detect(values, { id: day, params: { manyInstances }, site }) {
    const id = withoutLast(day);
    const [managed, accessed] = values;
    const { api, document, command, via } = accessed;
    const [service, action = ""] = api.split(":");
    if (/^(?:RegisterManagedInstance|UpdateInstanceInformation)$/.test(action)) return agentOn(values, id, site);
    const actor = doerOf(accessed);
    const failed = failedIn(accessed);
    const fleet = Number(accessed.instances) >= manyInstances || via !== "";
    const told = toldOf(accessed);
    return {
      of: { kind: "resource", id },
      ...told,
      // A command for everything is one, whatever key its automation has at the time.
      ...(fleet && { by: `principal/${actor.roleName ?? actor.arn ?? actor.name}`, bounded: true }),
      sentence: `${nameOf(actor)} ${failed ? "tried" : "did"} ${api}${document === "" ? "" : ` of ${document}`} on ${id}, of EKS Auto Mode of ${managed.cluster}`,
      on: fleet ? `${action} on the fleet` : action,
      target: id,
      severity: severityOf({ fleet, known: true, ssm: service === "ssm", failed }),
      confidence: "high",
      evidence: [
        whose(values, id),
        ...(command === ""
          ? []
          : [{ field: "responseElements.command.commandId", value: command, event: accessed.event }]),
        ...shownIn(accessed),
      ],
      reasons: [
        whose(values, id).value,
        ...(service === "ssm" ? [] : ["EC2 takes the key whether or not anything on the instance reads it"]),
      ],
      notExempted: fleet ? [`${accessed.instances} instances, or an automation: a tool for the whole fleet`] : [],
    };
  },
});

const whose = ([{ how, cluster, source }]: Values, id: string) => ({
  field: "resource.managed",
  value: `${id} of ${cluster}: ${how}`,
  event: source,
});

/** An agent reports all day: one finding, which does not count its reports. Of a role or an instance that the site declares, every report tells by itself. */
function agentOn(values: Values, id: string, site: Site): LedgerHit | undefined {
  const [managed, accessed] = values;
  if (site.resources.has(id) || autoNodeRole(site, accessed.role) !== undefined) return undefined;
  const failed = failedIn(accessed);
  const { counts: _, ...told } = toldOf(accessed);
  return {
    of: { kind: "resource", id },
    ...told,
    ...{ by: `instance/${id}`, bounded: true, on: "an agent", target: id },
    sentence: `An agent on ${id}, a node of EKS Auto Mode of ${managed.cluster}, ${failed ? "tried" : "did"} ${accessed.api}`,
    severity: lowered("high", failed ? 1 : 0),
    confidence: "high",
    evidence: [whose(values, id), ...shownIn({ ...accessed, event: accessed.source })],
    reasons: [whose(values, id).value],
  };
}
