/**
 * The pools of the fill scenario: empty, filled, and of unusual size.
 *
 * @module
 */
import { openDatastore } from "../../lib/datastore/open.ts";
import type { Addr } from "../../lib/net/addr.ts";
import type { TestEtcd } from "../../tests/support/etcd.ts";
import { fillPool } from "../../tests/support/filled.ts";

/** A pool, and how its rows are called. */
export interface Pool {
  /** Also the network and the address space: no pool knows of another. */
  readonly id: string;
  readonly name: string;
  /** The ranges of the netconf. */
  readonly ipam: Readonly<Record<string, unknown>>;
  /** How many addresses are taken; only those of a /16. */
  readonly taken?: number;
}

/** How many addresses a /16 has without its network, gateway and broadcast address. */
export const CAPACITY = 65_533;
const SUBNET = "10.188.0.0/16";
const PREFIX_LENGTH = 16;
/** 10.188.0.2. */
const FIRST = 0x0abc_0002n;
const SUBNETS = 40;

/** The pools of a full run. */
export const POOLS: readonly Pool[] = [
  ...[0, 1_000, 10_000, 60_000, 65_000, CAPACITY - 1].map(filled),
  { id: "v4-8", name: "an IPv4 /8, empty", ipam: { subnet: "10.0.0.0/8" } },
  { id: "v6-64", name: "an IPv6 /64, empty", ipam: { subnet: "fd00:188::/64" } },
  {
    id: "subnets",
    name: `a set of ${SUBNETS} subnets, empty`,
    ipam: {
      subnet: undefined,
      ranges: [
        Array.from({ length: SUBNETS }, (_, index) => ({ subnet: `10.189.${index}.0/24` })),
      ],
    },
  },
];

/** The pools of a quick one. */
export const QUICK_POOLS: readonly Pool[] = POOLS.filter(({ taken }) =>
  taken === undefined || taken === 0 || taken === 60_000
);

function filled(taken: number): Pool {
  return { id: `taken-${taken}`, name: "a /16", ipam: { subnet: SUBNET }, taken };
}

/**
 * Takes as many addresses of a pool as it says, spread over all of it.
 *
 * @param pool The pool.
 * @param options Where the pool is, and what ends it.
 */
export async function fill(
  { id, taken = 0 }: Pool,
  { etcd, signal }: { readonly etcd: TestEtcd; readonly signal: AbortSignal },
): Promise<void> {
  if (taken === 0) return;
  const folders = { dataDir: etcd.dir, runDir: etcd.dir };
  await using store = await openDatastore({ datastore: etcd.config(), ...folders }, {
    random: Math.random,
  });
  await fillPool(store, {
    space: id,
    network: id,
    prefixLength: PREFIX_LENGTH,
    addresses: spread(taken, signal),
  });
}

/** In an order as random choice leaves it, and the same in each run. */
function* spread(taken: number, signal: AbortSignal): Generator<Addr> {
  const order = Uint32Array.from({ length: CAPACITY }, (_, index) => index);
  const random = generator(1);
  for (let index = 0; index < taken; index++) {
    signal.throwIfAborted();
    const other = index + Math.floor(random() * (CAPACITY - index));
    const value = order[other] ?? 0;
    order[other] = order[index] ?? 0;
    yield { family: 4, value: FIRST + BigInt(value) };
  }
}

/** Numbers of `[0, 1)` that look random: xorshift with 32 bits. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
