/**
 * A node of a cluster: a sandbox whose netconfs name an etcd.
 *
 * @module
 */
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import type { Entry } from "../../lib/state/txn.ts";
import type { TestEtcd } from "../support/etcd.ts";
import { allEntries, checkInvariants } from "../support/invariants.ts";
import type { Json } from "../support/answers.ts";
import { makeSandbox, type Sandbox } from "../support/plugin.ts";

/** A node, gone at the end of its test. */
export interface TestNode extends Sandbox {
  /** A netconf of this node; `ipam` is merged, `top` replaces top-level keys. */
  netconf(ipam?: Json, top?: Json): Readonly<Record<string, unknown>>;
}

/** Settings of `etcdConfig`. */
export type Settings = Readonly<Record<string, unknown>>;

/** How a node is set up. */
export interface NodeOptions {
  readonly name?: string;
  /** Merged into every netconf's `etcdConfig`; a function gets the directory that the plugin may read. */
  readonly etcdConfig?: Settings | ((root: string) => Settings | Promise<Settings>);
}

/**
 * Makes a node.
 *
 * @param etcd The etcd that its netconfs name.
 * @param options Its name, and what else stands in `etcdConfig`.
 * @returns The node; dispose of it.
 */
export async function makeNode(
  etcd: Pick<TestEtcd, "endpoints">,
  { name = "node-1", etcdConfig = {} }: NodeOptions = {},
): Promise<TestNode> {
  const sandbox = await makeSandbox();
  const more = typeof etcdConfig === "function" ? await etcdConfig(sandbox.root) : etcdConfig;
  const common = {
    nodeName: name,
    cooldown: "0s",
    etcdConfig: { etcdURL: etcd.endpoints.join(","), ...more },
  };
  return {
    ...sandbox,
    netconf: (ipam = {}, top = {}) => sandbox.netconf({ ...common, ...ipam }, top),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

/**
 * Everything that kube-ipam keeps in an etcd; the invariants are checked.
 *
 * @param etcd The etcd.
 * @returns The entries, in key order.
 */
export async function entriesOf(etcd: TestEtcd): Promise<readonly Entry[]> {
  const options = { dataDir: `${etcd.dir}/look`, runDir: `${etcd.dir}/look`, random: () => 0 };
  await using store = openEtcd(etcd.config(), options);
  await checkInvariants(store);
  return await allEntries(store);
}

/** The keys below `/kube-ipam/v1/default/` in an etcd, without the space; the invariants are checked. */
export async function keysOf(etcd: TestEtcd): Promise<readonly string[]> {
  return (await entriesOf(etcd)).map(({ key }) => key.replace("/kube-ipam/v1/default/", ""));
}
