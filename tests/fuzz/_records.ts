/**
 * One good record of every kind, with its key, as the first container of a test has them.
 *
 * @module
 */

/** A key below `/kube-ipam/v1/default/`, and its value. */
export interface GoodRecord {
  readonly key: string;
  readonly value: unknown;
}

const holder = {
  schema: 1,
  cluster: "default",
  network: "testnet",
  containerID: "c1",
  ifname: "eth0",
  node: "node-1",
  nodeId: "id-1",
  boot: "boot-1",
  since: 1_700_000_000_000,
  pod: { namespace: "shop", name: "web-1", uid: "u-1" },
  authority: "f00d",
  owner: { namespace: "shop", name: "web-1" },
};
const grant = {
  ip: "10.1.0.9",
  prefixLength: 24,
  gateway: "10.1.0.1",
  source: "range",
  cools: true,
  rule: "7d",
};
const until = 1_800_000_000_000;
const moment = until.toString(16).padStart(16, "0");
const ownerKey = "owners/default/testnet/shop/web-1/eth0";

/** The record of an address in one state. */
function address(ip: string, state: "held" | "cooling" | "retained"): unknown {
  return { ...holder, ...grant, ip, state, ...(state === "held" ? {} : { until }) };
}

/** One record of each kind; addresses in each state. */
export const RECORDS: readonly GoodRecord[] = [
  { key: "attachments/testnet/c1/eth0", value: { ...holder, addresses: [grant] } },
  { key: "pods/default/u-1/testnet/eth0", value: { ...holder, addresses: [grant] } },
  { key: "addresses/4/0a010009", value: address("10.1.0.9", "held") },
  { key: "addresses/4/0a01000a", value: address("10.1.0.10", "cooling") },
  { key: "addresses/4/0a01000b", value: address("10.1.0.11", "retained") },
  {
    key: `expiring/4/${moment}/0a01000a`,
    value: { schema: 1, state: "cooling", network: "testnet" },
  },
  {
    key: `expiring/4/${moment}/0a01000b`,
    value: {
      schema: 1,
      state: "retained",
      network: "testnet",
      ownerKey: `/kube-ipam/v1/default/${ownerKey}`,
    },
  },
  {
    key: ownerKey,
    value: {
      schema: 1,
      cluster: "default",
      network: "testnet",
      ifname: "eth0",
      owner: { namespace: "shop", name: "web-1" },
      state: "retained",
      addresses: [{ ip: "10.1.0.11", rule: "7d", until }],
      since: holder.since,
      authority: "f00d",
    },
  },
  {
    key: "clusters/default",
    value: { schema: 1, authorities: ["f00d"], node: "node-1", since: holder.since },
  },
  {
    key: "networks/testnet",
    value: {
      schema: 1,
      subnets: ["10.1.0.0/24"],
      ranges: "0".repeat(64),
      node: "node-2",
      since: holder.since,
    },
  },
];
