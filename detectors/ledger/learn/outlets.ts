import type { AwsCall } from "../../../schemas/events/cloudtrail/facets.ts";
import { outletOf } from "../egress.ts";
import type { Fact } from "../facts.ts";
import { about, type CallLearner, issuerDayId, outletId, timeOf } from "../learner.ts";

const DAY_MS = 24 * 3_600_000;

/** On the day of a call, and as the past of the next: it must not begin knowing nothing. */
const days = ({ time }: AwsCall): readonly { readonly time: number }[] =>
  [0, DAY_MS].map((ahead) => ({ time: time + ahead }));

const outletIn = ({ sourceIP = "", vpcEndpointId = "" }: AwsCall): string | undefined =>
  outletOf(sourceIP, vpcEndpointId);

/** Sessions of service accounts' tokens alone (IRSA), opened and used: by which role, and from where (eks-auto-mode.md §3.4, seen). */
export const outletsOfTokens: CallLearner = {
  trail: "cloudtrail",
  trigger: "oidc[.-]eks\\.",
  learn(call) {
    const { webIdentity } = call.facets;
    const { sourceIP: ip = "" } = call;
    // What failed to open is nobody's session; what a session was denied, it was used for.
    const at = outletIn(call);
    if (webIdentity === undefined || webIdentity.key === "" || at === undefined) return [];
    const { issuer, region, roleArn: role, serviceAccount: account = "" } = webIdentity;
    const used = { time: timeOf(call), issuer, region, role, account, ip };
    return [
      about("outlet", outletId(at, call), call)("used", used),
      ...days(call).flatMap((day): Fact[] => {
        const [outlet, owner] = [outletId(at, day), issuerDayId(issuer, day)];
        const tell = about("outlet", outlet, call);
        return [
          tell("role", { role, kind: "web-identity" }),
          tell("issuer", { id: owner }),
          about("issuerDay", owner, call)("way", { id: outlet, role }),
        ];
      }),
    ];
  },
};

/** Roles of pods at work, by their sessions' names (eks-auto-mode.md §3.2, seen). */
export const outletsOfPods: CallLearner = {
  trail: "cloudtrail",
  trigger: '"accessKeyId":"A[SK]IA',
  learn(call) {
    const { kind, roleArn: role } = call.actor;
    const at = outletIn(call);
    if (kind !== "pod" || role === undefined || at === undefined) return [];
    return days(call).map((day) => about("outlet", outletId(at, day), call)("role", { role, kind }));
  },
};
