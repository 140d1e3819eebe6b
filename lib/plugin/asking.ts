/**
 * What an ADD asks for, and who asks: from the netconf alone, or with what the pod says.
 *
 * @module
 */
import type { CniArgs } from "../cni/args.ts";
import { CniError, CODES } from "../cni/errors.ts";
import type { Config, PoolWish, Wish } from "../config/config.ts";
import type { Retain } from "../config/retain.ts";
import type { Judge } from "../datastore/transact.ts";
import {
  type Claimant,
  formatRule,
  permits,
  type PolicyRefusal,
  refusedBy,
} from "../ipam/policy.ts";
import { type Addr, formatAddr } from "../net/addr.ts";
import type { Stray } from "../kube/annotations/annotations.ts";
import { hasValue } from "../net/interval.ts";
import type { Owner, PodRef } from "../state/records.ts";

/** What is asked for. */
export interface Asking {
  /** The pod, if the runtime named one. */
  readonly pod: PodRef | undefined;
  /** Fingerprints of the API that the pod was read from; none where it was not read. */
  readonly authorities: readonly string[];
  readonly wishes: readonly Wish[];
  readonly pools: readonly PoolWish[];
  readonly owner: Owner | undefined;
  readonly retain: Retain | undefined;
  /** What `owner-hash` hashes. */
  readonly workload: string | undefined;
  /** Who asks, for `ipam.fixedPolicy`. */
  readonly claimant: Claimant;
  /** Annotations that must speak of another network of the pod, if they are not mistyped. */
  readonly strays: readonly Stray[];
  /** Tells whether the pod of a holder lives. */
  readonly judge: Judge | undefined;
  readonly warnings: readonly string[];
  /** The annotations that counted. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What is asked for when no pod is read. */
export function plainAsking({ wishes }: Config, args: CniArgs): Asking {
  const { podName, podNamespace } = args;
  return {
    pod: podOf(args),
    authorities: [],
    wishes,
    pools: [],
    owner: undefined,
    retain: undefined,
    workload: podName === undefined ? undefined : `${podNamespace ?? ""}/${podName}`,
    claimant: { namespace: podNamespace, serviceAccount: undefined },
    strays: [],
    judge: undefined,
    warnings: [],
    annotations: {},
  };
}

/** The pod as CNI_ARGS names it. */
export function podOf({ podName, podNamespace, podUid }: CniArgs): PodRef | undefined {
  if (podName === undefined) return undefined;
  return {
    ...(podNamespace === undefined ? {} : { namespace: podNamespace }),
    name: podName,
    ...(podUid === undefined ? {} : { uid: podUid }),
  };
}

/** Whether the asking pod may have a fixed address. */
export function permitsOf({ fixedPolicy }: Config, { claimant }: Asking): (addr: Addr) => boolean {
  return (addr) => permits(fixedPolicy, { addr, claimant });
}

/**
 * Refuses a fixed address that the policy does not give to who asks.
 *
 * @param config The policy, and which addresses are fixed.
 * @param asking What is asked for.
 * @throws {CniError} With code 108, which names the rule.
 */
export function checkPolicy(config: Config, asking: Asking): void {
  const { fixedPolicy, sets } = config;
  if (fixedPolicy === undefined) return;
  const { claimant, wishes, pools } = asking;
  for (const { set, range, addr, path } of wishes) {
    const random = sets[set]?.ranges[range]?.random ?? [];
    if (hasValue(random, addr.value)) continue;
    const refusal = refusedBy(fixedPolicy, { addr, claimant });
    if (refusal !== undefined) throw refused(refusal, { path, claimant });
  }
  for (const { set, members, path } of pools) {
    const family = sets[set]?.family;
    if (family === undefined) continue;
    const refusal = refusedBy(fixedPolicy, { family, intervals: members.flat(), claimant });
    if (refusal !== undefined) throw refused(refusal, { path, claimant });
  }
}

/**
 * The error of a pod whose owner keeps an address that the policy does not give to it any more.
 *
 * @param config The policy.
 * @param options Who asks, and the address.
 * @returns The error, code 108.
 */
export function forbidden(
  { fixedPolicy = [] }: Config,
  { asking: { claimant }, addr }: { readonly asking: Asking; readonly addr: Addr },
): CniError {
  const refusal = refusedBy(fixedPolicy, { addr, claimant }) ?? { addr, rules: [] };
  return refused(refusal, { path: "kept for the owner", claimant });
}

function refused(
  { addr, rules }: PolicyRefusal,
  { path, claimant }: { readonly path: string; readonly claimant: Claimant },
): CniError {
  const who = claimant.namespace === undefined
    ? "a container outside of Kubernetes"
    : `namespace "${claimant.namespace}"${
      claimant.serviceAccount === undefined
        ? ""
        : `, service account "${claimant.serviceAccount || "default"}"`
    }`;
  const why = rules.length === 0
    ? "no rule of ipam.fixedPolicy speaks of it"
    : `it is kept by ${rules.map(formatRule).join("; ")}`;
  return new CniError(CODES.policy, "The policy does not allow this address", {
    details: `${formatAddr(addr)} (${path}) is asked for by ${who}: ${why}. ` +
      "Ask for another address, or have the rule extended",
  });
}
