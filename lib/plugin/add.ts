/**
 * ADD: gives an attachment its addresses.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#add-add-container-to-network-or-apply-modifications
 */
import { CniError, CODES } from "../cni/errors.ts";
import { parseResolvConf } from "../cni/resolv_conf.ts";
import { type Dns, formatResult, type ResultIp } from "../cni/result.ts";
import type { Config } from "../config/config.ts";
import type { Datastore } from "../datastore/datastore.ts";
import { type AddOutcome, planAdd } from "../ipam/add/allocate.ts";
import type { AddRequest, NodeIdentity } from "../ipam/request.ts";
import { readRegular } from "../file/regular.ts";
import { planStrays } from "../ipam/add/strays.ts";
import type { KubeApi } from "../kube/api.ts";
import { parseAddr } from "../net/addr.ts";
import type { AttachmentRecord } from "../state/records.ts";
import { type Asking, checkPolicy, forbidden, permitsOf, plainAsking } from "./asking.ts";
import { type AddCall, type Done, open, run } from "./call.ts";
import { fileProblem } from "./files.ts";
import { openApi } from "./kubernetes.ts";
import { rememberNetwork } from "./network.ts";
import { identifyNode } from "./node.ts";
import { type PendingFile, pendingOf, pendingRoot } from "./pending/files.ts";
import { withGateways } from "./routes.ts";

/**
 * Serves ADD.
 *
 * @param call The call.
 * @returns The result for stdout.
 * @throws {CniError} If no address is granted.
 * @throws {KubeError} If the pod cannot be read.
 */
export async function add(call: AddCall): Promise<Done> {
  const { config, io } = call;
  await using api = await (call.begun?.api ?? openApi(call));
  const reading = readAsking(call, api);
  reading.catch(() => {}); // told below, unless something is wrong before
  const dns = readDns(config);
  const node = identifyNode(config);
  const owed = readOwed(call);
  await using store = await open(call);
  const asking = await reading;
  checkPolicy(config, asking);
  const request = toRequest(call, { node, asking, owed });
  await checkStrays(store, { call, request, asking });
  const outcome = await run(store, planAdd(request), { ...call, judge: asking.judge });
  if (outcome.kind === "forbidden") throw forbidden(config, { asking, addr: outcome.addr });
  if (outcome.kind !== "granted" && outcome.kind !== "held") {
    const { refusal } = await import("./failures.ts");
    throw refusal(outcome, config);
  }
  if (owed.length > 0) {
    const { settle } = await import("./pending/own.ts");
    settle(owed, config);
  }
  const { authorities } = asking;
  const warnings = await rememberNetwork(store, { call, ...node, authorities, now: io.now() });
  const { record } = outcome;
  const ips = record.addresses.map(toResultIp);
  const result = { ips, routes: withGateways(config.routes, ips), dns };
  return {
    stdout: formatResult(result, config.cniVersion),
    log: {
      outcome: outcome.kind,
      ips: record.addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`),
      node: node.node,
      ...logOf(outcome, asking),
    },
    warnings: [...asking.warnings, ...givenUp(outcome, asking), ...warnings],
  };
}

/** A DEL of this container that is owed: what it held then must not be released any more once this ADD has committed. */
function readOwed({ config, invocation: { attachment } }: AddCall): readonly PendingFile[] {
  try {
    return pendingOf(config, attachment);
  } catch (cause) {
    const problem = fileProblem(cause, { verb: "read", folders: "/var/lib/cni/kube-ipam" });
    throw new CniError(CODES.io, "Cannot read the data directory", {
      details: `${pendingRoot(config.dataDir)} (${problem}). ` +
        "Without it nobody can tell what this container held before",
      cause,
    });
  }
}

/** The code that reads annotations is loaded only where a pod is read. */
async function readAsking(call: AddCall, api: KubeApi | undefined): Promise<Asking> {
  const { config, invocation: { args }, begun, signal } = call;
  if (api === undefined) return plainAsking(config, args);
  const { askingOf, readOwnPod } = await import("./pod.ts");
  const pod = await begun?.pod ?? await readOwnPod(args, { api, signal });
  return askingOf(call, { api, pod });
}

async function checkStrays(
  store: Datastore,
  options: { readonly call: AddCall; readonly request: AddRequest; readonly asking: Asking },
): Promise<void> {
  const { call, request, asking: { strays } } = options;
  if (strays.length === 0) return;
  const { lost, subnets } = await run(store, planStrays(request, strays), call);
  if (lost.length === 0) return;
  const { straysRefusal } = await import("./failures.ts");
  throw straysRefusal(lost, { config: call.config, subnets });
}

function logOf(
  outcome: Extract<AddOutcome, { kind: "granted" | "held" }>,
  { annotations }: Asking,
): Done["log"] {
  const used = Object.keys(annotations).length > 0 ? { annotations } : {};
  if (outcome.kind === "held") return used;
  const { earlier, former, victims, freed } = outcome;
  const from = [former, ...victims].flatMap((one) => one?.record.containerID ?? [])
    .filter((id) => id !== outcome.record.containerID);
  return {
    ...used,
    ...(earlier === undefined ? {} : { rewritten: true }),
    ...(from.length === 0 ? {} : { takenOverFrom: from.join(", ") }),
    ...(freed.length === 0 ? {} : { givenUp: freed }),
  };
}

/** What was kept and is asked for no more goes without a word; what fits no range any more does not. */
function givenUp(
  outcome: Extract<AddOutcome, { kind: "granted" | "held" }>,
  { wishes, pools }: Asking,
): readonly string[] {
  if (outcome.kind === "held" || outcome.freed.length === 0) return [];
  if (wishes.length > 0 || pools.length > 0) return [];
  return [
    `What was kept for the owner is given up, as no range of this network has it any more: ${
      outcome.freed.join(", ")
    }`,
  ];
}

function toRequest(
  { config, invocation, io }: AddCall,
  { node, asking, owed }: {
    readonly node: NodeIdentity;
    readonly asking: Asking;
    readonly owed: readonly PendingFile[];
  },
): AddRequest {
  const { space, network, sets, allocation, cooldownMs } = config;
  const { pod, authorities, wishes, pools, owner, retain, workload } = asking;
  const deferredMs = owed.at(-1)?.since;
  return {
    space,
    asker: {
      ...node,
      network,
      ...invocation.attachment,
      authorities,
      ...(pod === undefined ? {} : { pod }),
    },
    sets,
    wishes,
    pools,
    owner,
    retain,
    permits: permitsOf(config, asking),
    workload,
    allocation,
    cooldownMs,
    deferredMs,
    now: io.now(),
    random: io.random,
  };
}

/** Read before anything is claimed: a missing file must leave nothing behind. */
function readDns({ dns, resolvConf }: Config): Dns {
  if (resolvConf === undefined) return dns ?? {};
  try {
    return { ...parseResolvConf(readRegular(resolvConf)), ...dns };
  } catch (error) {
    const folders = "/etc/resolv.conf, /run/systemd/resolve and the folders of certificates";
    const problem = fileProblem(error, { verb: "read", folders });
    throw new CniError(CODES.io, "Cannot read resolvConf", {
      details:
        `ipam.resolvConf is "${resolvConf}" (${problem}). Name a file that the plugin may read, or use ipam.dns`,
      cause: error,
    });
  }
}

function toResultIp(
  { ip, prefixLength, gateway }: AttachmentRecord["addresses"][number],
): ResultIp {
  return {
    addr: parseAddr(ip),
    prefixLength,
    ...(gateway === undefined ? {} : { gateway: parseAddr(gateway) }),
  };
}
