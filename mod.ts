/**
 * kube-ipam as a library: the allocator, its datastores, and the values they work on.
 *
 * Plans decide and know no datastore; {@linkcode transact} runs a plan against one.
 *
 * @example Give a container an address
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadConfig, MemoryDatastore, planAdd, transact } from "./mod.ts";
 *
 * const config = loadConfig(
 *   { cniVersion: "1.0.0", name: "net", ipam: { type: "kube-ipam", subnet: "10.1.0.0/30" } },
 *   { command: "ADD", args: { ips: [], gateways: [] }, kubernetes: false },
 * );
 * await using store = new MemoryDatastore();
 * const random = (): bigint => 0n;
 * const outcome = await transact(
 *   store,
 *   planAdd({
 *     space: config.space,
 *     asker: {
 *       cluster: "default",
 *       node: "node-a",
 *       nodeId: "a",
 *       boot: "1",
 *       network: config.network,
 *       containerId: "c1",
 *       ifName: "eth0",
 *     },
 *     sets: config.sets,
 *     wishes: config.wishes,
 *     allocation: config.allocation,
 *     cooldownMs: config.cooldownMs,
 *     now: 0,
 *     random,
 *   }),
 *   { signal: AbortSignal.timeout(1_000), random },
 * );
 * assertEquals(outcome.kind === "granted" && outcome.record.addresses[0]?.ip, "10.1.0.2");
 * ```
 *
 * @module
 */
export * from "./lib/net/addr.ts";
export * from "./lib/net/prefix.ts";
export * from "./lib/net/interval.ts";
export * from "./lib/net/range.ts";
export * from "./lib/cni/args.ts";
export * from "./lib/cni/environment.ts";
export * from "./lib/cni/errors.ts";
export * from "./lib/cni/result.ts";
export * from "./lib/cni/version.ts";
export * from "./lib/config/config.ts";
export * from "./lib/config/retain.ts";
export { type Connections, loadConfig, type LoadConfigOptions } from "./lib/config/load.ts";
export type { AttachmentName } from "./lib/state/keys.ts";
export * from "./lib/state/records.ts";
export * from "./lib/state/record_text.ts";
export * from "./lib/state/txn.ts";
export * from "./lib/ipam/plan.ts";
export * from "./lib/ipam/request.ts";
export * from "./lib/ipam/ownership.ts";
export * from "./lib/ipam/add/allocate.ts";
export type { Former } from "./lib/ipam/add/former.ts";
export type { Victim } from "./lib/ipam/add/pick.ts";
export type { Forbidden } from "./lib/ipam/add/owned.ts";
export type { Exhausted } from "./lib/ipam/add/picks.ts";
export type { Taken } from "./lib/ipam/add/wished.ts";
export * from "./lib/ipam/policy.ts";
export * from "./lib/ipam/release.ts";
export * from "./lib/ipam/replay.ts";
export * from "./lib/ipam/check.ts";
export * from "./lib/ipam/gc.ts";
export * from "./lib/ipam/status.ts";
export * from "./lib/ipam/reconcile/report.ts";
export * from "./lib/ipam/reconcile/running.ts";
export * from "./lib/ipam/reconcile/scope.ts";
export type { Census, Evidence, ThisNode } from "./lib/ipam/reconcile/candidates.ts";
export * from "./lib/command/reconcile/reconcile.ts";
export * from "./lib/datastore/datastore.ts";
export * from "./lib/datastore/memory.ts";
export type { Ahead } from "./lib/datastore/etcd/context.ts";
export * from "./lib/datastore/open.ts";
export * from "./lib/datastore/transact.ts";
export * from "./lib/kube/api.ts";
export * from "./lib/kube/inventory.ts";
export * from "./lib/kube/client/lists.ts";
export * from "./lib/kube/pod.ts";
export * from "./lib/kube/open.ts";
export * from "./lib/kube/annotations/annotations.ts";
