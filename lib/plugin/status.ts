/**
 * STATUS: whether an ADD could be served.
 *
 * A runtime asks every few seconds and takes the whole node out of service on a 50. So 50 is only for what waiting does not heal; an
 * outage or a full pool is a warning, unless the netconf says otherwise.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#status-check-plugin-status
 */
import type { Invocation } from "../cni/environment.ts";
import { CniError, CODES } from "../cni/errors.ts";
import { DatastoreError } from "../datastore/datastore.ts";
import { type Fill, planStatus } from "../ipam/status.ts";
import { type Call, type Done, open, run } from "./call.ts";
import { failure } from "./failures.ts";
import { openApi } from "./kubernetes.ts";
import { hasReached, isTrialDue, markReached, outageMs } from "./reached.ts";

/** How long STATUS waits for the datastore, in milliseconds. */
const PATIENCE_MS = 1_000;
/** How long one endpoint of several is waited for, so that another one is asked in time. */
const TRY_MS = 400;

/**
 * Serves STATUS.
 *
 * @param call The call.
 * @returns Nothing for stdout; an outage as a warning.
 * @throws {CniError} With code 50, if no ADD can be served and waiting does not heal it.
 */
export async function status(
  call: Call<Extract<Invocation, { command: "GC" | "STATUS" | "VERSION" }>>,
): Promise<Done> {
  await using _api = await openApi(call); // reads the kubeconfig and its files
  try {
    checkFills(await ask(call), call);
    return { stdout: "", log: { outcome: "ready" } };
  } catch (error) {
    const found = failure(error);
    if (found.code !== CODES.tryAgain) throw found;
    return outage(call, error);
  }
}

/** Waiting heals it: a warning, unless the node was never in order since it was booted, or the netconf has no more patience. */
function outage({ config, io }: Call, error: unknown): Done {
  const { message, details: seen = "" } = failure(error);
  const kind = error instanceof DatastoreError ? error.kind : undefined;
  // The trial changes nothing, so nothing is open when its answer is lost.
  const details = `${kind === "ambiguous" ? "Cannot reach the datastore" : message}: ${seen}`;
  if (kind !== "full" && !hasReached(config)) {
    throw notAvailable(`${details}. This node has not reached it since it was booted`);
  }
  const lasting = outageMs(config, io.now());
  const { statusOnOutageMs: limit } = config;
  if (limit !== undefined && lasting >= limit) {
    throw notAvailable(`${details}. This lasts for ${Math.round(lasting / 1000)} s`);
  }
  return { stdout: "", log: { outcome: "outage" }, warnings: [details], hasReached: false };
}

/**
 * Turns whatever stands in the way of every ADD into a 50.
 *
 * @param work Reads the configuration and serves STATUS.
 * @returns What it returns.
 * @throws {CniError} With code 50, or 999 for what nobody expected.
 */
export async function orNotAvailable(work: () => Promise<Done>): Promise<Done> {
  try {
    return await work();
  } catch (error) {
    const found = failure(error);
    if (found.code === CODES.notAvailable || found.code === CODES.internal) throw found;
    throw notAvailable(`${found.message}: ${found.details ?? ""}`);
  }
}

function notAvailable(details: string): CniError {
  return new CniError(CODES.notAvailable, "The plugin is not available", { details });
}

async function ask(call: Call): Promise<readonly Fill[]> {
  const { config, io, signal } = call;
  const { space, network, statusOnExhaustion, datastore } = config;
  const isSole = datastore.kind !== "etcd" || datastore.endpoints.length < 2;
  const hasty: Call = {
    ...call,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    timeoutMs: PATIENCE_MS,
    tryMs: isSole ? PATIENCE_MS : TRY_MS,
  };
  const now = io.now();
  const trial = isTrialDue(config, now);
  await using store = await open(hasty);
  const sets = statusOnExhaustion ? config.sets : [];
  const fills = await run(store, planStatus({ space, network, sets, now, trial }), hasty);
  markReached(config, trial ? now : undefined);
  return fills;
}

function checkFills(fills: readonly Fill[], { config }: Call): void {
  const full = fills.filter(({ size, free }) => size > 0n && free <= 0n);
  if (full.length === 0) return;
  const list = full.map(({ set, size }) => `range set ${set}: 0 of ${size} free`).join(", ");
  throw notAvailable(`Network "${config.network}" has no address left: ${list}`);
}
