/**
 * The invariants of the stored state (docs/keys.md), checked on all entries of a datastore. Every test that changes state calls this.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import {
  addressKey,
  attachmentKey,
  expiringKey,
  nodeKey,
  ownerKey,
  podKey,
} from "../../lib/state/keys.ts";
import {
  parseAddress,
  parseAttachment,
  parseExpiring,
  parseOwner,
} from "../../lib/state/record_text.ts";
import type { Entry } from "../../lib/state/txn.ts";

/** Everything below `/kube-ipam/`, in key order. */
export async function allEntries(store: Datastore): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (let from = "/kube-ipam/";;) {
    const [seen] = await store.read([
      { kind: "list", from, to: "/kube-ipam0", limit: 500, values: true },
    ], { signal: AbortSignal.timeout(10_000) });
    assert(seen?.kind === "list");
    entries.push(...seen.entries);
    const last = seen.entries.at(-1);
    if (last === undefined || !seen.more) return entries;
    from = `${last.key}\0`;
  }
}

/** The state of each recorded address. */
export async function addressStates(store: Datastore): Promise<Record<string, string>> {
  const records = (await allEntries(store)).filter(({ key }) => key.includes("/addresses/"))
    .map(parseAddress);
  return Object.fromEntries(records.map(({ ip, state }) => [ip, state]));
}

/**
 * Everything that a cluster holds, has kept for its owners, or says of itself: no other cluster may change it (I8). What cools down, or
 * has outlived its time, is nobody's.
 *
 * @param entries All entries.
 * @param options The cluster; the time, in milliseconds since the epoch.
 * @returns Its entries, in key order.
 */
export function entriesOfCluster(
  entries: readonly Entry[],
  { cluster, now }: { readonly cluster: string; readonly now: number },
): readonly Entry[] {
  return entries.filter((entry) => {
    const [, , , , folder, name] = entry.key.split("/");
    switch (folder) {
      case "nodes":
      case "pods":
      case "clusters":
        return name === cluster;
      case "attachments":
        return parseAttachment(entry).cluster === cluster;
      case "addresses": {
        const { state, until = Infinity, cluster: found } = parseAddress(entry);
        return found === cluster && state !== "cooling" && until > now;
      }
      case "owners":
        return name === cluster &&
          parseOwner(entry).addresses.every(({ until = Infinity }) => until > now);
      default:
        return false;
    }
  });
}

/**
 * Checks I1, I2 and the pairing of `expiring/` and `owners/` with their addresses.
 *
 * @param store The datastore.
 * @param space The space that was used.
 * @returns The addresses that are held, with their attachments, for further checks.
 */
export async function checkInvariants(
  store: Datastore,
  space = "default",
): Promise<ReadonlyMap<string, string>> {
  const entries = await allEntries(store);
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const below = (folder: string): readonly Entry[] =>
    entries.filter(({ key }) => key.startsWith(`/kube-ipam/v1/${space}/${folder}/`));

  const expected = new Set<string>();
  const held = new Map<string, string>();
  for (const entry of below("attachments")) {
    const record = parseAttachment(entry);
    const name = {
      cluster: record.cluster,
      network: record.network,
      node: record.node,
      containerId: record.containerID,
      ifName: record.ifname,
    };
    assertEquals(entry.key, attachmentKey(space, name), "an attachment stands under its own key");
    expected.add(entry.key);
    expected.add(nodeKey(space, name));
    if (record.pod?.uid !== undefined) {
      const key = podKey(space, { ...name, uid: record.pod.uid });
      assertEquals(byKey.get(key)?.value, entry.value, `I2: ${key} mirrors its attachment`);
      expected.add(key);
    }
    for (const { ip } of record.addresses) {
      assert(!held.has(ip), `I1: ${ip} has two holders`);
      held.set(ip, entry.key);
      const key = addressKey(space, parseAddr(ip));
      const address = parseAddress(byKey.get(key) ?? { key, value: "absent", revision: "0" });
      assertEquals(address.state, "held", `I2: ${ip}`);
      assertEquals(address.containerID, record.containerID, `I2: ${ip}`);
      assertEquals(address.ifname, record.ifname, `I2: ${ip}`);
      expected.add(key);
    }
  }
  for (const entry of below("addresses")) {
    const record = parseAddress(entry);
    if (record.state === "held") {
      assert(held.has(record.ip), `I2: ${record.ip} is held by no attachment`);
    } else if (record.until !== undefined) {
      const key = expiringKey(space, { untilMs: record.until, addr: parseAddr(record.ip) });
      const expiring = byKey.get(key);
      assert(expiring !== undefined, `${record.ip} expires but has no ${key}`);
      assertEquals(parseExpiring(expiring).state, record.state);
      expected.add(entry.key);
      expected.add(key);
    }
    if (record.state === "retained") {
      assert(record.owner !== undefined, `${record.ip} is retained for nobody`);
      const { cluster, network, ifname: ifName, owner } = record;
      const key = ownerKey(space, { cluster, network, owner, ifName });
      const kept = byKey.get(key);
      const found = kept && parseOwner(kept).addresses.find(({ ip }) => ip === record.ip);
      // Of several whose time is over one may be left when the owner's key is gone.
      if (record.until === undefined || found !== undefined) {
        assert(
          found !== undefined,
          `${record.ip} is retained for an owner, but not named by ${key}`,
        );
        assertEquals(found.until, record.until, key);
      }
      expected.add(entry.key);
    }
  }
  for (const entry of below("owners")) {
    const { state, addresses, owner } = parseOwner(entry);
    for (const { ip, until } of addresses) {
      const address = byKey.get(addressKey(space, parseAddr(ip)));
      // Of several whose time is over one may be somebody else's already.
      if (until !== undefined && address?.revision !== entry.revision) continue;
      assert(address !== undefined, `${entry.key} names ${ip}, which is free`);
      assertEquals(address.revision, entry.revision, `${entry.key} was not written with ${ip}`);
      assertEquals(parseAddress(address).state, state, entry.key);
      assertEquals(parseAddress(address).owner, owner, entry.key);
    }
    expected.add(entry.key);
  }
  for (const folder of ["addresses", "attachments", "nodes", "pods", "expiring", "owners"]) {
    for (const { key } of below(folder)) assert(expected.has(key), `I2: ${key} stands for nothing`);
  }
  return held;
}
