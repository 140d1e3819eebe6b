/**
 * `reconcile`: the shell around {@linkcode reconcile}.
 *
 * @module
 */
import { CniError, CODES } from "../../cni/errors.ts";
import type { Config } from "../../config/config.ts";
import { DEFAULT_KUBECONFIG } from "../../config/defaults.ts";
import { openDatastore } from "../../datastore/open.ts";
import { readRegular } from "../../file/regular.ts";
import type { ThisNode } from "../../ipam/reconcile/candidates.ts";
import { newReport, type Report } from "../../ipam/reconcile/report.ts";
import { type IsRunning, parseRunning } from "../../ipam/reconcile/running.ts";
import { type KubeConnection, KubeError } from "../../kube/api.ts";
import { inventoryOf } from "../../kube/client/lists.ts";
import { openKube } from "../../kube/open.ts";
import { exists, fileProblem, readOrCreate } from "../../plugin/files.ts";
import type { Io } from "../../plugin/io.ts";
import { readNode } from "../../plugin/node.ts";
import { randomFraction, randomId } from "../../plugin/random.ts";
import { tell } from "../errors.ts";
import { UsageError } from "../flags.ts";
import { readGivenConfig } from "../netconf.ts";
import { formatSentence } from "../table.ts";
import { type Asked, readAsked } from "./asked.ts";
import { formatReport, jsonOf, summaryOf } from "./output.ts";
import { startProgress } from "./progress.ts";
import { reconcile } from "./reconcile.ts";

const STDIN = "-";
/** How long stdin is waited for, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Where the compiled program may read by default. */
const FOLDERS = "/etc/cni, /etc/kubernetes, /etc/kube-ipam, /var/lib/cni/kube-ipam";

/**
 * Runs `reconcile`.
 *
 * @param args The words after `reconcile`.
 * @param io The process.
 * @returns The exit code.
 * @throws {UsageError} If the words are not understood: nothing was changed.
 * @throws {CniError} If the configuration or `--running` cannot be used.
 * @throws {DatastoreError} If the datastore fails; what was done until then is printed.
 * @throws {KubeError} If the API does; so is then.
 */
export async function runReconcile(args: readonly string[], io: Io): Promise<number> {
  const asked = readAsked(args);
  const config = await readGivenConfig(asked.conf, io);
  for (const warning of config.warnings) tell(io, `warning: ${warning}`);
  const isRunning = await readRunning(asked, io);
  const { cluster } = readNode(config);
  const thisNode = thisNodeOf(config);
  const report = newReport(asked.dryRun);
  await using api = await openApi(config, report);
  await using store = await openDatastore(config, { random: randomFraction });
  const isTerminal = Deno.stderr.isTerminal();
  const { now, random } = io;
  let isWhole = false;
  try {
    using progress = startProgress({ write: io.stderr, isTerminal, now });
    const { node, graceMs, dryRun, maxFraction } = asked;
    await reconcile(store, {
      scope: { cluster, node, now: now(), graceMs, cooldownMs: config.cooldownMs },
      thisNode,
      isRunning,
      api: api && { kube: api, inventory: inventoryOf(api) },
      dryRun,
      maxFraction,
      report,
      random,
      clock: now,
      onStep: progress.onStep,
    });
    isWhole = true;
  } finally {
    print(report, { asked, io, isWhole });
  }
  return report.refused.length + report.unreadable.length > 0 ? 1 : 0;
}

function print(
  report: Report,
  { asked, io, isWhole }: { readonly asked: Asked; readonly io: Io; readonly isWhole: boolean },
): void {
  for (const note of report.notes) tell(io, formatSentence(note));
  io.stdout(asked.json ? jsonOf(report) : formatReport(report));
  if (isWhole || report.freed.length > 0) {
    tell(io, `${summaryOf(report)}${isWhole ? "" : ", and then it failed"}`);
  }
}

/** The containers that run, where somebody tells. */
async function readRunning({ running }: Asked, io: Io): Promise<IsRunning | undefined> {
  if (running === undefined) return undefined;
  const text = running === STDIN
    ? await io.stdin(AbortSignal.timeout(PATIENCE_MS))
    : readList(running);
  try {
    return parseRunning(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function readList(path: string): string {
  try {
    return readRegular(path);
  } catch (cause) {
    const problem = fileProblem(cause, { verb: "read", folders: FOLDERS });
    const advice = cause instanceof Deno.errors.NotCapable
      ? ": give the list on stdin, as --running - < FILE, or as a file below ipam.dataDir"
      : "";
    throw new CniError(CODES.io, "Cannot read the list of running containers", {
      details: `${path}: ${problem}${advice}`,
      cause,
    });
  }
}

/**
 * Opens the API that judges pods. Where annotations are off, or nothing on this host is of Kubernetes, there may be none: then no pod
 * is judged.
 */
async function openApi(config: Config, report: Report): Promise<KubeConnection | undefined> {
  try {
    const api = await openKube(config.kubeConfig);
    report.notes.push(...api.warnings);
    return api;
  } catch (error) {
    if (!(error instanceof KubeError) || !mayLackApi(config, error)) throw error;
    report.notes.push(`No pod is judged: ${error.message}`);
    return undefined;
  }
}

function mayLackApi({ annotations, kubeConfig, dataDir }: Config, { cause }: KubeError): boolean {
  if (annotations === "off") return true;
  return kubeConfig === DEFAULT_KUBECONFIG && cause instanceof Deno.errors.NotFound &&
    !exists(`${dataDir}/cluster`);
}

/**
 * The node that this is, if it ever gave an address.
 *
 * Where calls once kept the id of their boot in the data directory, as they could not write the run directory, one of the run
 * directory proves nothing: running containers may bear the other.
 */
function thisNodeOf(config: Config): ThisNode | undefined {
  const { dataDir, runDir } = config;
  const { nodeId } = readNode(config);
  if (nodeId === undefined || exists(`${dataDir}/run/boot`)) return undefined;
  try {
    // Another run directory has another id, and one that was emptied by hand has a new one: no boot is needed for either.
    return { nodeId, boot: readOrCreate(`${runDir}/boot`, randomId) };
  } catch {
    return undefined; // nobody can tell one boot from another
  }
}
