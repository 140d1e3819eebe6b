/**
 * A pool with many allocations in a real etcd, and the plugin's calls of it: their round trips and bytes are counted on the wire.
 *
 * Each call is all of the plugin but its process, so that hundreds of them take seconds.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import type { Random } from "../../lib/ipam/plan.ts";
import { type Addr, parseAddr } from "../../lib/net/addr.ts";
import { runPlugin } from "../../lib/plugin/main.ts";
import { seeded } from "../support/allocator.ts";
import { ipsOf, type Json } from "../support/answers.ts";
import { startEtcd, type TestEtcd } from "../support/etcd.ts";
import { fillPool } from "../support/filled.ts";
import { startProxy, type TestProxy } from "../support/proxy.ts";
import { type Cost, Costs } from "./_costs.ts";
import { makeNode } from "./_node.ts";

/** One call of the plugin. */
export interface ScaleCall {
  readonly command: "ADD" | "DEL";
  readonly container: number;
  readonly ipam: Json;
  /** Default a pseudo-random sequence that goes on from call to call. */
  readonly random?: Random;
}

/** An etcd behind a counter, and a node. */
export interface Scale extends AsyncDisposable {
  readonly etcd: TestEtcd;
  /** Not counted. */
  readonly store: Datastore;
  call(call: ScaleCall): Promise<Cost>;
}

/** Names as long as those of a real cluster. */
const NODE = "ip-10-0-112-34.eu-central-1.compute.internal";
/** No time passes: what cools down stays so. */
const NOW = 1_800_000_000_000;

/** Starts the etcd; dispose of it. */
export async function startScale(): Promise<Scale> {
  await using undo = new globalThis.AsyncDisposableStack();
  const etcd = undo.use(await startEtcd());
  const proxy = undo.use(startProxy(etcd.endpoints[0] ?? ""));
  const node = undo.use(await makeNode({ endpoints: [proxy.url] }, { name: NODE }));
  const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run`, random: () => 0 };
  const store = undo.use(openEtcd(etcd.config({ transport: "gateway" }), dirs));
  const random = seeded(1);
  const stack = undo.move();
  return {
    etcd,
    store,
    call: (call) => counted(proxy, () => plugin({ random, ...call }, node.netconf(call.ipam))),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function counted(
  proxy: TestProxy,
  run: () => Promise<readonly string[]>,
): Promise<Cost> {
  proxy.reset();
  const ips = await run();
  return { trips: proxy.paths.length, bytes: proxy.bytes, ips };
}

async function plugin(
  { command, container, random }: ScaleCall & { readonly random: Random },
  netconf: Json,
): Promise<readonly string[]> {
  const variables: Readonly<Record<string, string>> = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container.toString(16).padStart(64, "c"),
    CNI_IFNAME: "eth0",
    CNI_NETNS: "/var/run/netns/cni-5d3a9c1e-4b7f-2a60-8e1d-9f0c3b6a7d25",
    CNI_ARGS: [
      "IgnoreUnknown=1",
      "K8S_POD_NAMESPACE=production-shop",
      `K8S_POD_NAME=web-frontend-7d9c6b5f4-${container.toString(36).padStart(5, "x")}`,
      `K8S_POD_UID=5d3a9c1e-4b7f-4a60-8e1d-${container.toString(16).padStart(12, "0")}`,
    ].join(";"),
    CNI_PATH: "/opt/cni/bin",
  };
  let stdout = "";
  const code = await runPlugin({
    env: (name) => variables[name],
    stdin: () => Promise.resolve(JSON.stringify(netconf)),
    stdout: (text) => stdout += text,
    stderr: () => {},
    now: () => NOW,
    random,
  });
  assertEquals(code, 0, stdout);
  return command === "ADD" ? ipsOf(JSON.parse(stdout)) : [];
}

/** The network of {@linkcode startScale}'s netconfs. */
const NETWORK = "testnet";

/** The costs of ADDs and DELs in turn: each ADD finds the pool as full as the one before. */
export interface Measured {
  readonly adds: Costs;
  readonly dels: Costs;
}

let container = 0;

/**
 * ADDs and DELs in turn.
 *
 * @param scale Where.
 * @param options How many; `ipam` of the netconf; the choice of each ADD; what is told of each address that is given back.
 * @returns Their costs.
 */
export async function addAndDelete(
  scale: Scale,
  options: {
    readonly count: number;
    readonly ipam: Json;
    readonly random?: (done: number) => Random;
    readonly cools?: ((ip: string) => void) | undefined;
  },
): Promise<Measured> {
  const { count, ipam, random, cools } = options;
  const adds = new Costs();
  const dels = new Costs();
  for (let done = 0; done < count; done++, container++) {
    const chance = random === undefined ? {} : { random: random(done) };
    const add = await scale.call({ command: "ADD", container, ipam, ...chance });
    adds.add(add);
    dels.add(await scale.call({ command: "DEL", container, ipam }));
    if (cools !== undefined) add.ips.forEach(cools);
  }
  return { adds, dels };
}

/** Takes the addresses of a block one after the other, in a random order. */
export interface Filler {
  /** Takes more of them, until so many are taken. */
  fillTo(count: number): Promise<void>;
  /** Counts an address that a call granted and gave back: it cools down, so it is taken. */
  cools(ip: string): void;
}

/**
 * Makes a filler.
 *
 * @param scale Where the addresses are taken.
 * @param block The first address of the block, and how many there are; the prefix length of their subnet.
 * @returns The filler.
 */
export function makeFiller(
  { store }: Scale,
  block: { readonly first: string; readonly size: number; readonly prefixLength: number },
): Filler {
  const { family, value: first } = parseAddr(block.first);
  const rest = shuffled(block.size, seeded(2));
  const cooling = new Set<number>();
  let taken = 0;
  function* next(count: number): Generator<Addr> {
    while (taken < count) {
      const index = rest.pop();
      if (index === undefined) return;
      if (cooling.has(index)) continue;
      taken++;
      yield { family, value: first + BigInt(index) };
    }
  }
  return {
    fillTo: (count) =>
      fillPool(store, {
        network: NETWORK,
        prefixLength: block.prefixLength,
        addresses: next(count),
      }),
    cools: (ip) => {
      const index = Number(parseAddr(ip).value - first);
      if (!cooling.has(index)) taken++;
      cooling.add(index);
    },
  };
}

function shuffled(size: number, random: Random): number[] {
  const all = Array.from({ length: size }, (_, index) => index);
  for (let at = size - 1; at > 0; at--) {
    const other = Number(random(BigInt(at + 1)));
    [all[at], all[other]] = [all[other] ?? 0, all[at] ?? 0];
  }
  return all;
}
