/**
 * Pools with many allocations: written straight into a datastore, as ADDs of as many containers would have left them.
 *
 * @module
 */
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { type Addr, formatAddr, toHex } from "../../lib/net/addr.ts";
import { addressKey, attachmentKey, nodeKey } from "../../lib/state/keys.ts";
import { put } from "../../lib/state/operations.ts";
import { type AttachmentRecord, type Grant, SCHEMA } from "../../lib/state/records.ts";
import { MAX_OPERATIONS, type Write } from "../../lib/state/txn.ts";

/** What a pool is filled with. */
export interface FillOptions {
  /** `ipam.addressSpace`. Default `default`. */
  readonly space?: string;
  readonly network: string;
  /** The prefix length of the subnet. */
  readonly prefixLength: number;
  /** One container holds each. None may be taken yet. */
  readonly addresses: Iterable<Addr>;
  /** The node of the containers. Default `filled`. */
  readonly node?: string;
  /** Default `default`. */
  readonly cluster?: string;
}

/** An address, its attachment and the node's index. */
const WRITES_EACH = 3;
const BATCH = Math.floor(MAX_OPERATIONS / WRITES_EACH);
/** Transactions under way at once. */
const LANES = 6;
/** The time of one transaction, in ms. */
const PATIENCE_MS = 30_000;

/**
 * Fills a pool: each address gets a container of its own, and every invariant holds.
 *
 * @param store The datastore.
 * @param options What to write. The addresses are asked for one by one, and never kept.
 * @throws {Error} If one of the addresses is taken.
 */
export async function fillPool(store: Datastore, options: FillOptions): Promise<void> {
  const batches = batchesOf(options.addresses);
  const lane = async (): Promise<void> => {
    try {
      // All lanes draw from one iterator.
      for (let next = batches.next(); next.done !== true; next = batches.next()) {
        await commitBatch(store, { ...options, batch: next.value });
      }
    } finally {
      batches.return(); // where one fails, the others stop too
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function* batchesOf(addresses: Iterable<Addr>): Generator<readonly Addr[], void> {
  let batch: Addr[] = [];
  for (const addr of addresses) {
    batch.push(addr);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function commitBatch(
  store: Datastore,
  options: FillOptions & { readonly batch: readonly Addr[] },
): Promise<void> {
  const { batch, space = "default" } = options;
  const keys = batch.map((addr) => addressKey(space, addr));
  const answer = await store.commit({
    guards: keys.map((key) => ({ kind: "absent", key })),
    writes: batch.flatMap((addr) => writesOf(addr, options)),
  }, { signal: AbortSignal.timeout(PATIENCE_MS), tryMs: PATIENCE_MS });
  if (answer.kind === "committed") return;
  const taken = answer.guarded.findIndex((entry) => entry !== undefined);
  throw new Error(`Cannot fill a pool as an address is taken: current key is ${keys[taken]}`);
}

function writesOf(addr: Addr, options: FillOptions): readonly Write[] {
  const { space = "default", network, node = "filled", cluster = "default" } = options;
  const name = {
    cluster,
    network,
    node,
    containerId: `filled-${toHex(addr)}`,
    ifName: "eth0",
  };
  const holder = {
    schema: SCHEMA,
    cluster,
    network,
    containerID: name.containerId,
    ifname: name.ifName,
    node,
    nodeId: `id-of-${node}`,
    boot: `boot-of-${node}`,
    since: 1,
  } as const;
  const grant: Grant = {
    ip: formatAddr(addr),
    prefixLength: options.prefixLength,
    source: "range",
    cools: true,
  };
  const record: AttachmentRecord = { ...holder, addresses: [grant] };
  return [
    put(addressKey(space, addr), { ...holder, ...grant, state: "held" }),
    put(attachmentKey(space, name), record),
    { kind: "put", key: nodeKey(space, name), value: "" },
  ];
}
