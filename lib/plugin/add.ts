/**
 * ADD: gives an attachment its addresses.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#add-add-container-to-network-or-apply-modifications
 */
import type { Invocation } from "../cni/environment.ts";
import { CniError, CODES } from "../cni/errors.ts";
import { parseResolvConf } from "../cni/resolv_conf.ts";
import { type Dns, formatResult, type ResultIp } from "../cni/result.ts";
import type { Config } from "../config/config.ts";
import { planAdd } from "../ipam/allocate.ts";
import type { AddRequest, Asker, NodeIdentity } from "../ipam/request.ts";
import { parseAddr } from "../net/addr.ts";
import type { AttachmentRecord, PodRef } from "../state/records.ts";
import { type Call, type Done, open, run } from "./call.ts";
import { refusal } from "./failures.ts";
import { fileProblem } from "./files.ts";
import { rememberNetwork } from "./network.ts";
import { identifyNode } from "./node.ts";

type AddCall = Call<Extract<Invocation, { command: "ADD" | "CHECK" }>>;

/**
 * Serves ADD.
 *
 * @param call The call.
 * @returns The result for stdout.
 * @throws {CniError} If no address is granted.
 */
export async function add(call: AddCall): Promise<Done> {
  const { config, io } = call;
  checkAnnotations(call);
  const dns = readDns(config);
  const node = identifyNode(config);
  await using store = await open(call);
  const outcome = await run(store, planAdd(toRequest(call, node)), call);
  if (outcome.kind !== "granted" && outcome.kind !== "held") throw refusal(outcome, config);
  const warnings = await rememberNetwork(store, { call, ...node, now: io.now() });
  const { record } = outcome;
  const result = { ips: record.addresses.map(toResultIp), routes: config.routes, dns };
  const former = outcome.kind === "granted" ? outcome.former?.record.containerID : undefined;
  return {
    stdout: formatResult(result, config.cniVersion),
    log: {
      outcome: outcome.kind,
      ips: record.addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`),
      node: node.node,
      ...(former === undefined ? {} : { takenOverFrom: former }),
    },
    warnings,
  };
}

/**
 * Refuses a call whose pod would have to be read for its annotations.
 *
 * @param call The call.
 * @throws {CniError} With code 7: a fixed pod must never silently get another address.
 */
export function checkAnnotations({ config, kubernetes }: Call): void {
  if (!kubernetes || config.annotations === "off") return;
  throw new CniError(CODES.invalidConfig, "Cannot read the annotations of pods", {
    details: 'This version does not honour annotations yet: set ipam.annotations to "off". ' +
      "Pods then get addresses of the range, or those asked for by runtimeConfig.ips, args.cni.ips or IP=",
  });
}

function toRequest({ config, invocation, io }: AddCall, node: NodeIdentity): AddRequest {
  const { space, network, sets, wishes, allocation, cooldownMs } = config;
  const pod = podOf(invocation.args);
  const asker: Asker = {
    ...node,
    network,
    ...invocation.attachment,
    ...(pod === undefined ? {} : { pod }),
  };
  return {
    space,
    asker,
    sets,
    wishes,
    allocation,
    cooldownMs,
    now: io.now(),
    random: io.random,
  };
}

function podOf(
  { podName, podNamespace, podUid }: AddCall["invocation"]["args"],
): PodRef | undefined {
  if (podName === undefined) return undefined;
  return {
    ...(podNamespace === undefined ? {} : { namespace: podNamespace }),
    name: podName,
    ...(podUid === undefined ? {} : { uid: podUid }),
  };
}

/** Read before anything is claimed: a missing file must leave nothing behind. */
function readDns({ dns, resolvConf }: Config): Dns {
  if (resolvConf === undefined) return dns ?? {};
  try {
    return { ...parseResolvConf(Deno.readTextFileSync(resolvConf)), ...dns };
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
