/** The benign day: one cluster at work, told by both trails, with everything that looks like an attack and is none. */
import type { Line } from "./clockwork.ts";
import { controllersAtWork, controllerTokens, gitOps, scrapes } from "./controllers.ts";
import { components, operates, platform } from "./eks-itself.ts";
import { drain, launch, populate, runningNode } from "./nodes.ts";
import { noise } from "./noise.ts";
import { newHire, people } from "./people.ts";
import { runningPod } from "./pods.ts";
import { backups, days, deploys, instances, tagging } from "./tools.ts";
import { createWorld, DAY, type DayOptions, dayOptions, HOUR, MINUTE, type World } from "./world.ts";

/** Something that an attacker does, at his times. */
export type Plant = (world: World) => void;

/** Lines of both trails in the order of time, from `before` hours before the day to its end. */
export function benignDay(given: Partial<DayOptions> = {}, plants: readonly Plant[] = []): Iterable<Line> {
  const options = dayOptions(given);
  const world = createWorld(options);
  const { main, staging, clock } = world;
  const first = options.start - options.before * HOUR;
  const end = options.start + options.hours * HOUR;
  controllerTokens(world, main, first);
  populate(world, main, first, options.nodes);
  populate(world, staging, first, 4);
  oldNodes(world, first);
  for (const cluster of [main, staging]) {
    operates(world, cluster, first + MINUTE);
    rolling(world, cluster, first);
    for (const node of cluster.nodes)
      if (node.auto) components(world, cluster, node, first + MINUTE, options.start + 15 * HOUR);
  }
  platform(world, main, first);
  controllersAtWork(world, main, first + HOUR);
  gitOps(world, main, first + 30 * MINUTE);
  scrapes(world, main, first + MINUTE);
  const own = instances(world, first);
  for (const day of days(options.start - DAY, end)) {
    people(world, main, day);
    deploys(world, main, day);
    backups(world, [main, staging], own, day);
    tagging(world, [main, staging], own, day);
  }
  newHire(world, main, options.start);
  noise(world, main, options.start);
  for (const plant of plants) plant(world);
  return clock.run(first, end);
}

/** A managed node group beside Auto Mode: its nodes have no end, and pods on them run for months. */
function oldNodes(world: World, first: number): void {
  const { main } = world;
  const nodes = [runningNode(world, main, first, false), runningNode(world, main, first, false)];
  for (const workload of main.workloads
    .filter(({ kind, aws }) => kind === "StatefulSet" && aws !== undefined)
    .slice(0, 2))
    for (const node of nodes) runningPod(world, main, workload, first, node);
}

/** Nodes come to their end one by one, and in the morning of the day a third of them at once: a new image. */
function rolling(world: World, cluster: DayCluster, first: number): void {
  const { clock, chance, options } = world;
  const replaceOne = (now: number): void => {
    const old = [...cluster.nodes].filter(({ auto, draining, gone }) => auto && !draining && !gone);
    // The oldest goes first.
    const [node] = old.sort((a, b) => a.launched - b.launched);
    if (node === undefined) return;
    launch(world, cluster, now, (fresh, joined) => {
      components(world, cluster, fresh, joined + MINUTE, options.start + 15 * HOUR);
      clock.at(joined + MINUTE, (then) => drain(world, cluster, node, then));
    });
  };
  clock.every(
    first + HOUR,
    () => chance.between(2 * HOUR, 4 * HOUR),
    (now) => {
      replaceOne(now);
      return undefined;
    },
  );
  const wave = Math.ceil(cluster.nodes.size / 3);
  for (let index = 0; index < wave; index += 1)
    clock.at(options.start + 10 * HOUR + index * 9 * MINUTE, (now) => replaceOne(now));
}

type DayCluster = World["main"];
