import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ACCOUNT, type Answers, CLUSTER, healthy, REGION, STACK } from "../../test/support/account.ts";
import { serviceError } from "../../test/support/aws.ts";
import { awsServer } from "../../test/support/aws-server.ts";
import type { Result } from "../doctor/result.ts";
import { type DoctorOptions, doctor } from "./doctor.ts";
import { awsCommands } from "./rights.ts";

let answers: Answers;
/** Operations that were asked, as the services themselves are asked: JSON, forms and paths. */
let asked: Set<string>;
let server: Awaited<ReturnType<typeof awsServer>>;
let printed: string;

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  server = await awsServer((operation, input) => {
    asked.add(operation);
    const answer = answers[operation];
    if (answer === undefined) throw serviceError("AccessDeniedException", `nobody answers ${operation}`);
    return answer(input);
  });
});
beforeEach(() => {
  answers = healthy(Date.now());
  asked = new Set();
  printed = "";
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    printed += `${line}\n`;
  });
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const run = (options: Partial<DoctorOptions> = {}): Promise<number> =>
  doctor({ endpointUrl: server.url, region: REGION, color: false, cluster: [CLUSTER], stack: STACK, ...options });

interface Report {
  readonly account: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly results: readonly Result[];
}
async function reported(options: Partial<DoctorOptions> = {}): Promise<Report & { readonly code: number }> {
  const code = await run({ format: "json", ...options });
  return { code, ...(JSON.parse(printed) as Report) };
}
const refused = (name: string): (() => never) => {
  return () => {
    throw serviceError(name, "no");
  };
};

describe("crosstrail doctor", () => {
  it("finds nothing to mend in the answers of a healthy account, of every protocol", async () => {
    const { code, account, counts, results } = await reported();
    expect(results.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
    expect({ code, account, ok: counts.ok }).toEqual({ code: 0, account: ACCOUNT, ok: results.length });
    // Only asked where no filter is the stack's.
    const all = Object.keys(answers).filter((name) => name !== "DescribeAccountPolicies");
    expect([...asked].toSorted()).toEqual(all.toSorted());
  });

  it("asks under the rights that it says it needs", async () => {
    const said = awsCommands.doctor.rights.flatMap((right) => {
      const [service = "", names = ""] = right.replace(/ \(.*/, "").split(":");
      return names.split(", ").map((name) => `${service}:${name}`);
    });
    const { results } = await reported();
    expect(results.flatMap((result) => result.asked).filter((action) => !said.includes(action))).toEqual([]);
  });

  it.each(Object.keys(healthy(0)).filter((name) => name !== "DescribeAccountPolicies"))(
    "goes on when %s is refused, and does not call that fine",
    async (name) => {
      const names: Readonly<Record<string, string>> = {
        ListSubscriptionsByTopic: "AuthorizationError",
        GetObject: "AccessDenied",
        ListObjectsV2: "AccessDenied",
        DescribeStacks: "AccessDenied",
      };
      answers = { ...answers, [name]: refused(names[name] ?? "AccessDeniedException") };
      const { code, counts, results } = await reported();
      // Nobody has to be told who asks.
      const whole = name === "GetCallerIdentity";
      expect({ code, missing: counts.missing }).toEqual({ code: whole ? 0 : 1, missing: 0 });
      const unknown = results.filter(({ outcome }) => outcome === "unknown");
      expect(unknown.length > 0).toBe(!whole);
      for (const { says, needs } of unknown) {
        expect(says).toMatch(/^No access to .*: the identity needs \w+:\w+ on it\.$/);
        expect(needs).toMatch(new RegExp(`:${name === "ListObjectsV2" ? "ListBucket" : name}$`));
      }
    },
  );

  it("ends with 10 when something is to be mended, whatever is unknown beside it", async () => {
    answers = {
      ...answers,
      GetTrailStatus: () => ({ IsLogging: false }),
      GetKeyPolicy: refused("AccessDeniedException"),
    };
    expect(await run()).toBe(10);
  });

  it("knows what is absent by the services' own words", async () => {
    answers = {
      ...answers,
      DescribeCluster: refused("ResourceNotFoundException"),
      DescribeLogStreams: refused("ResourceNotFoundException"),
      GetObject: refused("NoSuchKey"),
    };
    const { code, results } = await reported();
    expect(code).toBe(10);
    const byName = new Map(results.map((result) => [result.check, result]));
    expect(byName.get("audit logging")?.says).toContain("There is no cluster prod");
    expect(byName.get("audit events")?.says).toContain("There is no log group");
    expect(byName.get("configuration")?.outcome).toBe("ok");
  });

  it("prints a table, and what is to be run uncut", async () => {
    answers = {
      ...answers,
      DescribeCluster: () => ({ cluster: { name: CLUSTER } }),
      DescribeAlarms: refused("AccessDeniedException"),
    };
    await run({ format: "table" });
    expect(printed).toContain(`Account ${ACCOUNT}, ${REGION}, as arn:aws:iam::${ACCOUNT}:user/checker`);
    expect(printed).toMatch(/^missing +audit logging +The audit log is off\.$/m);
    expect(printed).toMatch(
      /^ {2}aws eks update-cluster-config --name prod --logging '\{.*\}' --region eu-central-1$/m,
    );
    expect(printed).toMatch(/Rights that were missing\n {2}cloudwatch:DescribeAlarms\n/);
    expect(printed).toMatch(/1 missing, 1 unknown/);
    const [table = ""] = printed.split("To mend");
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it("shows what a stranger may have written as text, and lets no shell run it", async () => {
    answers = {
      ...answers,
      DescribeTrails: () => ({
        trailList: [{ Name: "\u001b[31mevil", TrailARN: "arn:x'; rm -rf / #\u001b[2J", HomeRegion: REGION }],
      }),
      GetTrailStatus: () => ({ IsLogging: false }),
    };
    await run({ format: "table", stack: "" });
    expect(printed).toContain("\\u001b[31mevil");
    expect(printed).toContain(`--name 'arn:x'\\''; rm -rf / #`);
    expect(printed).not.toContain("\u001b");
  });

  it.each<[string, Partial<DoctorOptions>, Answers, string, RegExp]>([
    ["nothing that is to be checked", { cluster: [], stack: "" }, {}, "E_CONFIG", /--cluster, --stack/],
    [
      "credentials that are not valid",
      {},
      { GetCallerIdentity: refused("InvalidClientTokenId") },
      "E_AWS_REFUSED",
      /credentials are not valid/,
    ],
    [
      "a stack that is not there",
      {},
      {
        DescribeStacks() {
          throw serviceError("ValidationError", "Stack with id crosstrail does not exist");
        },
      },
      "E_AWS_REFUSED",
      /no stack crosstrail/,
    ],
  ])("ends at once for %s", async (_, options, changes, code, message) => {
    answers = { ...answers, ...changes };
    await expect(run(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
