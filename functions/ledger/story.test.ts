import { expect, it } from "vitest";
import { ledgerFlow } from "../../test/support/ledger.ts";
import { nodeAtWork, podCall, podCredentials } from "../../test/support/trails.ts";
import { storyOf, subjectsNamed } from "./story.ts";

const NODE = "i-0a1b2c3d4e5f60001";
const KEY = "ASIAEXAMPLEPOD000001";
const SESSION = "eks-demo-orders-7d9f-1";
const POD = { uid: "d019d9d9-c299-4af8-b68c-c24d2e910b1c", name: "orders-7d9f", node: NODE };
const served = podCredentials("10:00", POD, NODE, { key: KEY, name: SESSION });
/** As an association opens it that turns session tags off. */
const untagged = served.map((line) => line.replaceAll(/"key":"(?:kubernetes|eks)-/g, '"key":"other-'));
const storeOf = async (lines: readonly string[]) => (await ledgerFlow(lines)).store;

it("an AWS session leads to its pod, whole and by its name, and the pod's story to its key", async () => {
  const store = await storeOf(served);
  const pod = { kind: "pod", id: `111122223333/eu-central-1/demo/${POD.uid}` } as const;
  for (const name of [SESSION, `AROAEXAMPLEORDERS:${SESSION}`]) expect(await subjectsNamed(store, name)).toEqual([pod]);
  expect((await storyOf(store, pod)).map(({ id }) => id)).toContain(KEY);
});

it("a session without tags leads to its key", async () => {
  expect(await subjectsNamed(await storeOf(untagged), SESSION)).toEqual([{ kind: "key", id: KEY }]);
});

it("neither the name of a pod nor that of a node leads to their keys", async () => {
  const store = await storeOf(served);
  expect((await subjectsNamed(store, `shop/${POD.name}`)).map(({ kind }) => kind)).not.toContain("key");
  expect((await subjectsNamed(store, NODE)).map(({ kind }) => kind)).not.toContain("key");
});

it("tells no line of an entity twice", async () => {
  const lines = [nodeAtWork("10:00", NODE, "ASIAEXAMPLENODE00001"), nodeAtWork("10:05", NODE, "ASIAEXAMPLENODE00001")];
  const chapters = await storyOf(await storeOf(lines), { kind: "node", id: NODE });
  expect(chapters.map(({ kind }) => kind)).toContain("origin");
  for (const chapter of chapters) {
    const told = chapter.lines.map((line) => JSON.stringify(line));
    expect(told).toEqual([...new Set(told)]);
  }
});

it("tells the first time of what is told by hours, and no time at which nothing happened", async () => {
  const store = await storeOf([
    ...served,
    podCall("10:34", "s3:ListBuckets", KEY),
    podCall("10:50", "s3:ListBuckets", KEY),
  ]);
  const lines = (await storyOf(store, { kind: "key", id: KEY })).flatMap((chapter) => chapter.lines);
  const used = lines.filter(({ text }) => text === "called s3:ListBuckets from 198.51.100.20 (success)");
  expect(used.map(({ at }) => at)).toEqual(["2026-11-22T10:34:00.000Z"]);
});
