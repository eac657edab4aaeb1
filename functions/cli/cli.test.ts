import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Finding } from "../../schemas/findings/finding.ts";
import { isAsffFinding, isFinding } from "../../schemas/validators.generated.js";

const bin = fileURLToPath(new URL("./bin.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "crosstrail-cli-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

const user = (name: string) => ({ username: name, groups: ["system:authenticated"] });
const event = (rest: object = {}, at = "2026-11-22T10:00:00.000000Z") =>
  JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: "11111111-2222-4333-8444-555555555555",
    stage: "ResponseComplete",
    requestURI: "/api/v1/services",
    verb: "list",
    user: user("mallory"),
    sourceIPs: ["203.0.113.9"],
    objectRef: { resource: "services", apiVersion: "v1" },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: at,
    annotations: { "authorization.k8s.io/decision": "allow" },
    ...rest,
  });
const attack = event({ impersonatedUser: user("eks-auto:coredns") });
const quiet = event();

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ran> } {
  const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, NO_COLOR: "1", ...env } });
  let out = "";
  let err = "";
  child.stdout?.on("data", (text) => {
    out += text;
  });
  child.stderr?.on("data", (text) => {
    err += text;
  });
  return { child, ended: new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err }))) };
}

function crosstrail(args: readonly string[], stdin = ""): Promise<Ran> {
  const { child, ended } = start(args);
  child.stdin?.end(stdin);
  return ended;
}
const findingsIn = (out: string): Finding[] =>
  out
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Finding);

describe("replay", () => {
  it("writes findings to standard output, one a line, and everything else to standard error", async () => {
    const { code, out, err } = await crosstrail(["replay", file("a.json", `${attack}\n${quiet}\n`)]);
    expect(code).toBe(0);
    const findings = findingsIn(out);
    expect(findings.map(({ detector }) => detector)).toEqual(["impersonation/eks-auto-component"]);
    for (const finding of findings) expect(isFinding(finding), JSON.stringify(isFinding.errors)).toBe(true);
    expect(err).toContain("2 events read, 2 judged");
    expect(err).toContain("1 critical");
  });

  it("reads standard input", async () => {
    const { code, out } = await crosstrail(["replay", "-"], attack);
    expect(code).toBe(0);
    expect(findingsIn(out)).toHaveLength(1);
  });

  it("names the cluster of events without an envelope", async () => {
    const { out } = await crosstrail(["replay", "--cluster", "111122223333/eu-central-1/prod", "-"], attack);
    expect(findingsIn(out)[0]).toMatchObject({ account: "111122223333", region: "eu-central-1", cluster: "prod" });
  });

  it("writes what Security Hub takes", async () => {
    const { out } = await crosstrail(
      ["replay", "--format", "asff", "--cluster", "111122223333/eu-central-1/prod", "-"],
      attack,
    );
    expect(isAsffFinding(JSON.parse(out))).toBe(true);
  });

  it("writes counts alone", async () => {
    const { out } = await crosstrail(["replay", "--format", "json-summary", "-"], `${attack}\nnonsense\n`);
    expect(JSON.parse(out)).toMatchObject({
      totals: { read: 2, judged: 1, setAside: 1, reasons: { E_JSON: 1 } },
      findings: { total: 1, bySeverity: { critical: 1 } },
      interrupted: false,
    });
  });

  it("writes a table within the width, and into a file", async () => {
    const out = join(dir, "out.txt");
    const ran = await crosstrail(["replay", "--format", "table", "--out", out, "-"], attack);
    expect(ran.out).toBe("");
    const table = readFileSync(out, "utf8");
    expect(table).toContain("impersonation/eks-auto-component");
    expect(
      Math.max(
        ...table
          .split("\n")
          .slice(0, 6)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(160);
  });

  it("leaves out what is outside the window, and counts it", async () => {
    const late = event(
      { auditID: "22222222-3333-4444-8555-666666666666", impersonatedUser: user("eks-auto:ipamd") },
      "2026-11-23T10:00:00.000000Z",
    );
    const { out, err } = await crosstrail(["replay", "--since", "2026-11-23", "-"], `${attack}\n${late}\n`);
    expect(findingsIn(out)).toHaveLength(1);
    expect(err).toContain("1 E_WINDOW");
    expect(
      findingsIn((await crosstrail(["replay", "--until", "2026-11-23T00:00Z", "-"], `${attack}\n${late}\n`)).out),
    ).toHaveLength(1);
  });

  it("chooses detectors", async () => {
    expect(findingsIn((await crosstrail(["replay", "--skip", "impersonation", "-"], attack)).out)).toEqual([]);
    expect(findingsIn((await crosstrail(["replay", "--only", "privilege-escalation", "-"], attack)).out)).toHaveLength(
      1,
    );
  });

  it("keeps what it could not judge, with its place and the reason", async () => {
    const aside = join(dir, "aside.ndjson");
    const input = file("mixed.json", `${quiet}\nnonsense\n{"hello":1}\n`);
    await crosstrail(["replay", "--set-aside", aside, input]);
    expect(findingsIn(readFileSync(aside, "utf8"))).toMatchObject([
      { from: input, line: 2, code: "E_JSON", excerpt: "nonsense" },
      { from: input, line: 3, code: "E_UNKNOWN_SHAPE" },
    ]);
  });

  it("says nothing of its own when asked to be quiet", async () => {
    expect((await crosstrail(["replay", "--quiet", "-"], quiet)).err).toBe("");
  });
});

describe("exit codes", () => {
  it.each<[string, string[], number, RegExp]>([
    ["a severity that was reached", ["replay", "--fail-on", "high", "-"], 10, /1 critical/],
    ["a severity that was not", ["replay", "--fail-on", "high", "--skip", "impersonation", "-"], 0, /0 findings/],
    ["an unknown option", ["replay", "--nope", "-"], 2, /^crosstrail: unknown option '--nope'/],
    ["a wrong format", ["replay", "--format", "xml", "-"], 2, /Allowed choices are table/],
    ["a wrong time", ["replay", "--since", "yesterday", "-"], 2, /--since.*2026-11-22T10:00Z/],
    ["a wrong cluster", ["replay", "--cluster", "prod", "-"], 2, /ACCOUNT\/REGION\/NAME/],
    ["a wrong severity", ["replay", "--fail-on", "awful", "-"], 2, /informational, low, medium/],
    ["a detector that is none", ["replay", "--only", "nope", "-"], 2, /named "nope"/],
    ["no input", ["replay"], 2, /missing required argument/],
    ["an unknown command, with the nearest", ["reply", "x"], 2, /replay/],
    [
      "a runbook that is none, with the nearest",
      ["explain", "eks-auto-componen"],
      2,
      /did you mean impersonation\/eks-auto-component/,
    ],
    ["a hunt in no log group", ["hunt", "--since", "1h"], 2, /required option '--log-group <name>'/],
    ["a hunt of no time", ["hunt", "--log-group", "g"], 2, /required option '--since <time>'/],
    ["rounds without time between them", ["tail", "--log-group", "g", "--every", "0"], 2, /whole seconds/],
    ["two places for one ledger", ["stream", "--name", "s", "--ledger", "l", "--table", "t"], 2, /two places/],
    ["a sample that is none", ["send", "--stream", "s", "--sample", "x"], 2, /Allowed choices are attack/],
    ["nothing to send", ["send", "--stream", "s", "--region", "eu-central-1"], 2, /nothing to send/],
    [
      "a Region that nobody names",
      ["hunt", "--log-group", "g", "--since", "1h", "--profile", "none"],
      1,
      /no AWS Region/,
    ],
    ["help", ["--help"], 0, /^$/],
  ])("%s", async (_, args, code, err) => {
    const ran = await crosstrail(args, attack);
    expect(ran.code, ran.err).toBe(code);
    expect(ran.err).toMatch(err);
    expect(ran.err).not.toContain("    at ");
  });

  it("an input that is missing: the others are read, the code is 1", async () => {
    const ran = await crosstrail(["replay", join(dir, "none.json"), file("good.json", attack)]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(`crosstrail: ${join(dir, "none.json")}: no such file or directory`);
    expect(findingsIn(ran.out)).toHaveLength(1);
  });

  it.each<[string, string, RegExp]>([
    ["that is no JSON", "{", /config.json: .*JSON/],
    ["with an unknown key", '{"version":1,"detectros":{}}', /unknown key "detectros"/],
    [
      "with a wrong value deep inside",
      '{"version":1,"detectors":{"impersonation/eks-auto-component":{"params":{"components":"x"}}}}',
      /\/detectors\/.*\/params\/components must be array/,
    ],
    [
      "with a suppression of an identity alone",
      '{"version":1,"suppressions":[{"detector":"a/b","actor":"*","reason":"because so","owner":"me","expires":"2027-01-01T00:00:00Z"}]}',
      /\/suppressions\/0 must have required property 'action'/,
    ],
    ["of the future", '{"version":2}', /\/version/],
  ])("a configuration %s", async (_, text, message) => {
    const ran = await crosstrail(["replay", "--config", file("config.json", text), "-"], quiet);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
    expect(ran.err.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("a terminal", () => {
  const nasty = event({
    user: user("x\u001b[2J\u009b31m\u202egnp.\u200b"),
    userAgent: "\u001b]0;pwned\u0007",
    impersonatedUser: user("eks-auto:coredns\u001b[1m"),
  });

  it.each(["table", "ndjson", "asff", "json-summary"])(
    "never gets a control character of a log, in %s",
    async (format) => {
      const { out, err } = await crosstrail([
        "replay",
        "--format",
        format,
        "--cluster",
        "111122223333/eu-central-1/prod",
        file(`nasty-${format}.json`, `${nasty}\n${"\u001b[31mred\u202e"}\n`),
      ]);
      expect(out.length).toBeGreaterThan(10);
      expect(`${out}${err}`).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\u200b]/u);
    },
  );

  it("gets the same JSON values all the same", async () => {
    const { out } = await crosstrail(["replay", "-"], nasty);
    expect(findingsIn(out)[0]?.actor.name).toBe("x\u001b[2J\u009b31m\u202egnp.\u200b");
  });
});

describe("pipes and signals", () => {
  it("a reader that has seen enough ends the output without a word", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      event({ auditID: `${index}`, user: user(`m${index}`), impersonatedUser: user("eks-auto:coredns") }),
    ).join("\n");
    const { child, ended } = start(["replay", "--quiet", file("many.json", many)]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, err } = await ended;
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  it("Ctrl-C ends the reading, reports what was read and exits 130", async () => {
    const { child, ended } = start(["replay", "--log-level", "info", "-"]);
    child.stdin?.write(`${attack}\n${quiet}\nnonsense\n`);
    // Its log tells that it has read so far.
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    child.kill("SIGINT");
    child.stdin?.write(`${quiet}\n`);
    const { code, out, err } = await ended;
    expect(code).toBe(130);
    expect(findingsIn(out)).toHaveLength(1);
    expect(err).toContain("Interrupted");
  });
});

describe("the catalogue", () => {
  it("lists every detector, for people and for machines", async () => {
    const { out } = await crosstrail(["detectors", "--format", "json"]);
    const ids = (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
    expect(ids).toContain("impersonation/eks-auto-component");
    expect((await crosstrail(["detectors"])).out).toContain("EKS Auto Mode component impersonated");
    expect((await crosstrail(["detectors", "--format", "markdown"])).out.split("\n").length).toBeGreaterThan(
      ids.length,
    );
  });

  it("explains one: runbook, parameters, logs, gaps", async () => {
    const { out } = await crosstrail(["explain", "impersonation/eks-auto-component"]);
    for (const part of ["# ", "## Triage", "## Parameters", "`components`", "cannot see:", "Kubernetes audit log"])
      expect(out).toContain(part);
  });
});
