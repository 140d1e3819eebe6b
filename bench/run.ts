/**
 * Sets the place up, runs scenarios, and leaves nothing behind.
 *
 * @module
 */
import { findEtcd, findKubeApiserver } from "../tests/support/assets.ts";
import type { Flags } from "./flags.ts";
import { lookAtMachine, readCommit } from "./machine.ts";
import { startSpawner } from "./measure/spawn.ts";
import { findPeers } from "./peers.ts";
import { compileAll } from "./programs.ts";
import { startProgress } from "./report/progress.ts";
import { makeReport, type Report } from "./report/report.ts";
import type { Goal, Table } from "./report/row.ts";
import type { Bench, Scenario } from "./scenario.ts";

/** The binary may write below its data directory only. */
const PARENT = "/var/lib/cni/kube-ipam";
const COMPILE_SECONDS = 8;

/** What is run. */
export interface RunScenariosOptions {
  readonly flags: Flags;
  readonly scenarios: readonly Scenario[];
  readonly commandLine: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/**
 * Runs scenarios.
 *
 * @param options Which, and how.
 * @returns What they found.
 */
export async function runScenarios(options: RunScenariosOptions): Promise<Report> {
  const { flags, scenarios, commandLine, signal } = options;
  const { quick, binary, peers: named } = flags;
  const startedMs = performance.now();
  await using undo = new globalThis.AsyncDisposableStack();
  await Deno.mkdir(PARENT, { recursive: true });
  const root = await Deno.makeTempDir({ dir: PARENT, prefix: "bench-" });
  undo.defer(() => Deno.remove(root, { recursive: true }));
  const secondsOf = ({ seconds }: Scenario): number => quick ? seconds.quick : seconds.full;
  const planned = scenarios.reduce((sum, one) => sum + secondsOf(one), COMPILE_SECONDS);
  const progress = undo.use(startProgress(planned));
  progress.begin("Compiling", COMPILE_SECONDS);
  const programs = await compileAll({ folder: root, binary, signal });
  const peers = await findPeers(named, root);
  const machine = await lookAtMachine(
    Object.fromEntries([
      ["kube-ipam", [programs.plugin, "version"]],
      ...peers.map(({ name, path }) => [name, [path]]),
    ]),
  );
  const spawner = undo.use(startSpawner(signal));
  const folder = `${root}/output`;
  await Deno.mkdir(folder);
  const tables: Table[] = [];
  const goals: Goal[] = [];
  for (const scenario of scenarios) {
    signal.throwIfAborted();
    progress.begin(scenario.title, secondsOf(scenario));
    const bench: Bench = {
      quick,
      root,
      folder,
      spawner,
      programs,
      peers,
      signal,
      hasEtcd: await findEtcd() !== undefined,
      hasKube: await findKubeApiserver() !== undefined,
      advance: progress.advance,
    };
    const found = await scenario.run(bench);
    tables.push(...found.tables);
    goals.push(...found.goals);
  }
  return makeReport({
    date: new Date().toISOString(),
    commit: await readCommit(),
    commandLine,
    seconds: Math.round((performance.now() - startedMs) / 1000),
    machine,
    tables,
    goals,
  });
}
