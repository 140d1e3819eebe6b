/**
 * Who may claim which fixed addresses: an allow list.
 *
 * With a policy, an address belongs to those whom at least one rule that contains it names; one that
 * no rule contains may be claimed by nobody. Without a policy everybody may claim any. It speaks of
 * addresses that are asked for, never of the random choice.
 *
 * @module
 */
import type { PolicyRule } from "../config/config.ts";
import type { Addr, Family } from "../net/addr.ts";
import { type Intervals, mergeIntervals, subtractIntervals } from "../net/interval.ts";
import { formatRange } from "../net/range.ts";

/** Entries of a list that a message shows. */
const SHOWN = 8;

/** Who asks, as the Kubernetes API says. */
export interface Claimant {
  /** Of the pod; undefined where no pod is known. */
  readonly namespace: string | undefined;
  /** Of the pod; undefined or empty where it has none. */
  readonly serviceAccount: string | undefined;
}

/** One address that is asked for. */
export interface AddrClaim {
  /** The address. */
  readonly addr: Addr;
  /** Who asks. */
  readonly claimant: Claimant;
}

/** Addresses of which any one is asked for. */
export interface PoolClaim {
  /** Of all of them. */
  readonly family: Family;
  /** The addresses. */
  readonly intervals: Intervals;
  /** Who asks. */
  readonly claimant: Claimant;
}

/** Why a claim is refused. */
export interface PolicyRefusal {
  /** The address that the claimant may not have; of several the lowest. */
  readonly addr: Addr;
  /** The rules that speak of the address; empty: none does. */
  readonly rules: readonly PolicyRule[];
}

/**
 * Tells whether an address may be claimed.
 *
 * @param policy The rules; undefined: everybody may claim any.
 * @param claim The address, and who asks.
 * @returns `true` if there is no policy, or a rule that contains the address allows the claimant.
 *
 * @example A rule for one namespace
 * ```ts
 * import { assert, assertFalse } from "@std/assert";
 * import { parseAddr } from "../net/addr.ts";
 * import { parseRange } from "../net/range.ts";
 * import { permits } from "./policy.ts";
 *
 * const policy = [{
 *   path: "ipam.fixedPolicy[0]",
 *   addresses: [parseRange("10.1.0.10-10.1.0.19")],
 *   namespaces: ["shop"],
 *   serviceAccounts: undefined,
 * }];
 * const claimant = { namespace: "shop", serviceAccount: "default" };
 * assert(permits(policy, { addr: parseAddr("10.1.0.10"), claimant }));
 * assertFalse(permits(policy, { addr: parseAddr("10.1.0.20"), claimant }));
 * ```
 */
export function permits(policy: readonly PolicyRule[] | undefined, claim: AddrClaim): boolean {
  const { addr, claimant } = claim;
  return policy === undefined ||
    policy.some((rule) => speaksOf(rule, addr) && allows(rule, claimant));
}

/**
 * Tells why a claim is refused. A pool may be claimed only if each address of it may; its intervals
 * are not expanded.
 *
 * @param policy The rules; undefined: everybody may claim any.
 * @param claim The address or the pool, and who asks.
 * @returns The lowest address that the claimant may not have, or `undefined` if there is none.
 */
export function refusedBy(
  policy: readonly PolicyRule[] | undefined,
  claim: AddrClaim | PoolClaim,
): PolicyRefusal | undefined {
  if (policy === undefined) return undefined;
  const { family, intervals } = "addr" in claim ? alone(claim.addr) : claim;
  const allowed = policy.filter((rule) => allows(rule, claim.claimant))
    .flatMap(({ addresses }) => addresses.filter((range) => range.family === family));
  const [refused] = subtractIntervals(mergeIntervals(intervals), mergeIntervals(allowed));
  if (refused === undefined) return undefined;
  const addr = { family, value: refused.first };
  return { addr, rules: policy.filter((rule) => speaksOf(rule, addr)) };
}

/**
 * Writes a rule for a message.
 *
 * @param rule The rule.
 * @returns `ipam.fixedPolicy[0] (10.1.0.10-10.1.0.19 for namespaces shop, pay; service accounts web)`;
 * long lists are cut.
 */
export function formatRule(rule: PolicyRule): string {
  const { path, addresses, namespaces, serviceAccounts } = rule;
  const who = namespaces.includes("*") ? "all namespaces" : `namespaces ${join(namespaces)}`;
  const accounts = serviceAccounts === undefined
    ? ""
    : `; service accounts ${join(serviceAccounts)}`;
  return `${path} (${join(addresses.map(formatRange))} for ${who}${accounts})`;
}

function alone({ family, value }: Addr): Omit<PoolClaim, "claimant"> {
  return { family, intervals: [{ first: value, last: value }] };
}

function speaksOf({ addresses }: PolicyRule, { family, value }: Addr): boolean {
  return addresses.some((range) =>
    range.family === family && range.first <= value && value <= range.last
  );
}

function allows(rule: PolicyRule, { namespace, serviceAccount }: Claimant): boolean {
  const { namespaces, serviceAccounts } = rule;
  const isNamed = namespaces.includes("*") ||
    (namespace !== undefined && namespaces.includes(namespace));
  if (!isNamed || serviceAccounts === undefined) return isNamed;
  // A service account is one of a namespace: without a pod there is neither.
  return namespace !== undefined && serviceAccount !== undefined &&
    serviceAccounts.includes(serviceAccount);
}

function join(list: readonly string[]): string {
  return list.slice(0, SHOWN).join(", ") + (list.length > SHOWN ? ", ..." : "");
}
