import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { users } from "../../test/support/events.ts";
import { audit, tokenMinted } from "../../test/support/trails.ts";
import { replay } from "./replay.ts";

const dir = mkdtempSync(join(tmpdir(), "crosstrail-runs-"));
afterAll(() => rmSync(dir, { recursive: true }));
let runs = 0;

/** One run of the command over some lines, with the ledger of the runs before. */
async function run(...lines: readonly string[]) {
  runs += 1;
  const [input, out] = [join(dir, `${runs}.ndjson`), join(dir, `${runs}.json`)];
  writeFileSync(input, `${lines.join("\n")}\n`);
  await replay([input], {
    ...{ ledger: join(dir, "ledger.db"), format: "json-summary", out, quiet: true, color: false, logLevel: "error" },
    cluster: { account: "111122223333", region: "eu-central-1", cluster: "demo" },
  });
  const { findings, totals } = JSON.parse(readFileSync(out, "utf8"));
  return { harvests: findings.byDetector["tokens/harvest"] ?? 0, late: totals.late };
}
const minted = (at: string, serviceAccount: string): string => {
  const event = JSON.parse(
    tokenMinted(at, { uid: "u", name: "orders" }, "i-0a1b2c3d4e5f60001", `jti-${serviceAccount}`),
  );
  return JSON.stringify({
    ...event,
    user: users.human("bob", "Developer"),
    objectRef: { ...event.objectRef, name: serviceAccount },
    requestURI: `/api/v1/namespaces/shop/serviceaccounts/${serviceAccount}/token`,
  });
};
const read = (at: string): string => audit(at, { verb: "list", requestURI: "/api/v1/nodes" });

it("what is not yet due at the end of a run is judged in a later one, and what comes later than that is late", async () => {
  // Each is judged two minutes after: at 10:02, when the third is not known yet, and at 10:03, when it is. The clock is two minutes behind the log.
  const mints = [minted("10:00", "a"), minted("10:01", "b"), minted("10:02", "c")];
  expect(await run(...mints, read("10:04"))).toEqual({ harvests: 0, late: 0 });
  expect(await run(read("10:04:30"))).toEqual({ harvests: 0, late: 0 });
  expect(await run(read("10:05"))).toEqual({ harvests: 1, late: 0 });
  expect(await run(read("10:02"), read("10:04"))).toEqual({ harvests: 0, late: 1 });
});
