import { afterEach, describe, expect, it, vi } from "vitest";
import { registry } from "../../../detectors/registry.ts";
import { createTally } from "../../pipeline/tally.ts";
import { createEmfMeter } from "./emf.ts";

interface Line {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly [
      {
        readonly Namespace: string;
        readonly Dimensions: readonly (readonly string[])[];
        readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
      },
    ];
  };
  readonly [member: string]: unknown;
}

/** What a meter writes, line by line. */
function written(work: (meter: ReturnType<typeof createEmfMeter>) => void): readonly Line[] {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  work(createEmfMeter("detect"));
  return out.mock.calls.map(([text]) => JSON.parse(String(text)));
}

/** Names and units of a line, its dimensions and its values. */
const shown = (line: Line) => {
  const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics;
  const names = Dimensions.flat();
  return {
    namespace: Namespace,
    metrics: Object.fromEntries(Metrics.map(({ Name, Unit }) => [Name, [line[Name], Unit]])),
    by: Object.fromEntries(names.map((name) => [name, line[name]])),
  };
};

afterEach(() => vi.restoreAllMocks());

describe("a meter of EMF lines", () => {
  it("writes what was counted as one line, and one for every value of a second dimension", () => {
    const lines = written((meter) => {
      meter.count("FactsMerged", 2);
      meter.count("FactsMerged", 3);
      meter.count("OutOfTime", 1);
      meter.count("Quarantined", 1, { code: "E_GZIP" });
      meter.count("Quarantined", 1, { code: "E_GZIP" });
      meter.count("Quarantined", 1, { code: "E_JSON" });
      meter.flush();
    });
    expect(lines.map(shown)).toEqual([
      {
        namespace: "crosstrail",
        metrics: { FactsMerged: [5, "Count"], OutOfTime: [1, "Count"], Quarantined: [3, "Count"] },
        by: { service: "detect" },
      },
      {
        namespace: "crosstrail",
        metrics: { Quarantined: [2, "Count"] },
        by: { service: "detect", code: "E_GZIP" },
      },
      {
        namespace: "crosstrail",
        metrics: { Quarantined: [1, "Count"] },
        by: { service: "detect", code: "E_JSON" },
      },
    ]);
  });

  it("writes nothing twice, and nothing where nothing was counted", () => {
    const lines = written((meter) => {
      meter.count("Notified", 1);
      meter.flush();
      meter.flush();
    });
    expect(lines).toHaveLength(1);
  });

  it("tells what became of the pieces of a record whole, by trail and by reason", () => {
    const tally = createTally();
    tally.read(3);
    tally.judged("k8s-audit", false);
    tally.screened("k8s-audit");
    tally.aside("E_JSON");
    const [whole, ...divided] = written((meter) => {
      meter.totals(tally.totals());
      meter.flush();
    }).map(shown);
    expect(whole?.metrics).toEqual({
      ...{ EventsRead: [3, "Count"], EventsJudged: [2, "Count"], EventsScreened: [1, "Count"] },
      ...{ EventsSetAside: [1, "Count"], EventsTruncated: [0, "Count"], EventsLate: [0, "Count"] },
      EventsControl: [0, "Count"],
    });
    expect(divided).toMatchObject([
      { metrics: { EventsJudged: [2, "Count"] }, by: { service: "detect", trail: "k8s-audit" } },
      { metrics: { EventsJudged: [0, "Count"] }, by: { service: "detect", trail: "cloudtrail" } },
      { metrics: { EventsSetAside: [1, "Count"] }, by: { service: "detect", code: "E_JSON" } },
    ]);
  });

  it("tells the lag of a trail in milliseconds, at once", () => {
    expect(written((meter) => meter.lag("cloudtrail", 1_500)).map(shown)).toEqual([
      {
        namespace: "crosstrail",
        metrics: { TrailLag: [1_500, "Milliseconds"] },
        by: { service: "detect", trail: "cloudtrail" },
      },
    ]);
  });

  it("tells how long a sink has let messages wait in milliseconds, at once", () => {
    expect(written((meter) => meter.waited("topic", 960_000)).map(shown)).toEqual([
      {
        namespace: "crosstrail",
        metrics: { Waited: [960_000, "Milliseconds"] },
        by: { service: "detect", sink: "topic" },
      },
    ]);
  });

  it("tells a metric by its values alone where the list says so", () => {
    const lines = written((meter) => {
      meter.count("DetectorHits", 1, { detector: "imds/exec-endpoint" });
      meter.flush();
    });
    expect(lines.map(shown)).toMatchObject([{ by: { detector: "imds/exec-endpoint" } }]);
  });

  it("writes no more lines than there are detectors, however much they find", () => {
    const lines = written((meter) => {
      for (let times = 0; times < 100; times += 1)
        for (const { meta } of registry) meter.count("DetectorHits", 1, { detector: meta.id });
      meter.flush();
    });
    expect(lines).toHaveLength(registry.length);
    expect(lines.map((line) => line.DetectorHits)).toEqual(registry.map(() => 100));
  });

  it("takes no metric, no dimension and no division that is not in the list: they do not compile", () => {
    written((meter) => {
      // @ts-expect-error no such metric
      expect(() => meter.count("EventsRed", 1)).toThrow();
      // @ts-expect-error not a count
      meter.count("TrailLag", 1, { trail: "cloudtrail" });
      // @ts-expect-error its whole is the sum of its values
      meter.count("Quarantined", 1);
      // @ts-expect-error divided by another dimension
      meter.count("Quarantined", 1, { trail: "cloudtrail" });
      // @ts-expect-error not divided
      meter.count("FactsMerged", 1, { trail: "cloudtrail" });
      meter.count("EventsJudged", 1, { trail: "cloudtrail" });
    });
  });
});
