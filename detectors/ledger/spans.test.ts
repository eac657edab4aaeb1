import { expect, it } from "vitest";
import { ledgerFlow } from "../../test/support/ledger.ts";
import {
  call,
  launched,
  nodeAtWork,
  podBound,
  podCall,
  podCreated,
  podCredentials,
  podGone,
  session,
} from "../../test/support/trails.ts";
import { detector as touched } from "../managed-instances/tampering/detector.ts";
import { detector as afterTermination } from "../node-identity/after-termination/detector.ts";
import { detector as afterPod } from "../pod-identity/key-after-pod/detector.ts";
import { detector as afterPodElsewhere } from "../pod-identity/key-after-pod-elsewhere/detector.ts";
import { OVERFLOW } from "./facts.ts";
import { spans } from "./spans.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLEPOD000001";
const POD = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c", name: "orders-7d9f", node: NODE };
const born = [podCreated("07:59", POD), podBound("07:59", POD), ...podCredentials("08:00", POD, NODE, { key: KEY })];
/** All in one batch. */
const whole = (lines: readonly string[]): readonly string[] => [lines.join("\n")];
const two = (n: number): string => String(n).padStart(2, "0");
/** More kinds of calls than an hour has room for. */
const flood = (hour: string): string[] =>
  Array.from({ length: 1_000 }, (_, n) => podCall(`${hour}:${two(n % 45)}`, `s3:Get${n}`, KEY));

it("every one leads to what it is a part of", () => {
  for (const [kind, { attributes }] of Object.entries(spans) as [string, { attributes: object }][])
    if (kind !== "nameDay" && kind !== "mintHour") expect(Object.keys(attributes)[0], kind).toBe("of");
});

it("a key that was used more often than is kept of an hour is found used after its pod in another", async () => {
  const lines = [...born, ...flood("09"), podGone("10:20", POD), podCall("12:30", "s3:ListBuckets", KEY)];
  for (const some of [lines, lines.toReversed()]) {
    const { findings, store } = await ledgerFlow(whole(some), { detectors: [afterPod] });
    expect(findings).toMatchObject([{ subject: `key/${KEY} after its pod`, count: 1 }]);
    const [hour] = await store.read([{ kind: "use", id: `${KEY}/2026-11-22T09` }]);
    expect([...(hour?.sets.get(OVERFLOW)?.keys() ?? [])]).toContain("used");
    expect(hour?.sets.get("used")?.size).toBeLessThan(1_000);
  }
});

it("a flood in the hour of the deed hides that hour alone, and shows", async () => {
  const hidden = podCall("11:55", "iam:ListUsers", KEY);
  const lines = [...born, ...flood("11"), podGone("11:50", POD), hidden, podCall("12:30", "s3:ListBuckets", KEY)];
  const { findings, store } = await ledgerFlow(whole(lines), { detectors: [afterPod] });
  const [hour] = await store.read([{ kind: "use", id: `${KEY}/2026-11-22T09` }]);
  expect(hour?.sets.get(OVERFLOW)?.has("used")).toBe(true);
  expect(findings[0]?.evidence.map(({ value }) => value).join()).toContain("s3:ListBuckets");
  expect(JSON.stringify(findings)).not.toContain("iam:ListUsers");
});

it("what a key was used for before, its other hours tell", async () => {
  const usual = [podCall("08:10", "s3:ListBuckets", KEY), podCall("09:10", "s3:GetObject", KEY)];
  const late = podCall("12:30", "s3:ListBuckets", KEY);
  const of = async (lines: readonly string[]): Promise<number> =>
    (await ledgerFlow(whole(lines), { detectors: [afterPodElsewhere] })).findings.length;
  expect(await of([...born, ...usual, podGone("10:20", POD), late])).toBe(0);
  expect(await of([...born, ...usual.slice(1), podGone("10:20", POD), late])).toBe(1);
});

it("an instance that was touched all day is found touched on the next", async () => {
  const touch = (at: string, who: string): string =>
    call(at, "ec2:TerminateInstances", {
      userIdentity: {
        ...{ type: "IAMUser", principalId: "AIDAEXAMPLE", arn: `arn:aws:iam::111122223333:user/${who}` },
        ...{ accountId: "111122223333", accessKeyId: "AKIAEXAMPLE000000001", userName: who },
      },
      requestParameters: { instancesSet: { items: [{ instanceId: NODE }] } },
      errorCode: "Client.UnauthorizedOperation",
    });
  const names = Array.from({ length: 1_000 }, (_, n) => touch(`11:${two(n % 60)}`, `robot-${n}`));
  const lines = [launched("09:00", NODE), ...names, touch("2026-11-23T10:00:00", "mallory")];
  const { findings } = await ledgerFlow(whole(lines), { detectors: [touched] });
  expect(findings.map(({ actor }) => actor.name)).toContain("arn:aws:iam::111122223333:user/mallory");
});

it("a node that was at work for longer than anything is kept of is found at work after its end", async () => {
  const days = Array.from({ length: 60 }, (_, n) => new Date(Date.UTC(2026, 7, 1 + n, 9)).toISOString().slice(0, 19));
  const work = days.map((at) => nodeAtWork(at, NODE, "ASIAEXAMPLENODE00001"));
  const end = call("2026-10-05T10:00:00", "ec2:TerminateInstances", {
    userIdentity: session("Admin", "carol", "ASIAEXAMPLECAROL0001"),
    requestParameters: { instancesSet: { items: [{ instanceId: NODE }] } },
  });
  const lines = [...work, end, nodeAtWork("2026-10-07T10:00:00", NODE, "ASIAEXAMPLENODE00001")];
  const { findings } = await ledgerFlow(whole(lines), { detectors: [afterTermination] });
  expect(findings).toMatchObject([{ subject: `node/${NODE} after termination` }]);
});
