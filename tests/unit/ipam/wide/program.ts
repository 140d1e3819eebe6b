/**
 * Gives addresses of very large ranges and takes them back, as the plugin does, in whatever little memory it is run.
 *
 * @module
 */
import {
  formatResult,
  loadConfig,
  MemoryDatastore,
  parseAddr,
  planAdd,
  planRelease,
  transact,
} from "../../../../mod.ts";
import { randomBelow } from "../../../../lib/plugin/random.ts";

const ROUNDS = 100;
const NODE = { cluster: "default", node: "node-a", nodeId: "a", boot: "1" };

async function run(ranges: unknown): Promise<void> {
  const config = loadConfig(
    { cniVersion: "1.1.0", name: "net", ipam: { type: "kube-ipam", ranges } },
    { command: "ADD", args: { ips: [], gateways: [] }, kubernetes: false },
  );
  const { space, network, sets, wishes, cooldownMs } = config;
  await using store = new MemoryDatastore();
  const options = { signal: AbortSignal.timeout(60_000), random: randomBelow };
  for (const allocation of ["random", "sequential", "lowest", "owner-hash"] as const) {
    const names = Array.from({ length: ROUNDS }, (_, index) => ({
      network,
      containerId: `${allocation}-${index}`,
      ifName: "eth0",
    }));
    const common = { space, sets, wishes, allocation, cooldownMs, now: 1, random: randomBelow };
    for (const name of names) {
      const outcome = await transact(
        store,
        planAdd({ ...common, asker: { ...NODE, ...name } }),
        options,
      );
      if (outcome.kind !== "granted") throw new Error(`Nothing granted: ${outcome.kind}`);
      const ips = outcome.record.addresses.map(({ ip, prefixLength }) => ({
        addr: parseAddr(ip),
        prefixLength,
      }));
      most = Math.max(most, Deno.memoryUsage().external);
      formatResult({ ips, routes: config.routes, dns: {} }, config.cniVersion);
    }
    for (const name of names) {
      await transact(
        store,
        planRelease({ space, node: NODE, names: [name], cooldownMs, now: 1 }),
        options,
      );
    }
  }
}

function rangeOf(subnet: string, rangeStart: string, rangeEnd: string): unknown {
  return { subnet, rangeStart, rangeEnd };
}

const before = Deno.memoryUsage().external;
let most = before;
const each = Deno.args.length > 0
  ? Array.from({ length: 2 ** 20 }, (_, index) => BigInt(index))
  : [];
await run([
  [rangeOf("10.0.0.0/8", "10.0.0.2", "10.255.255.254")],
  [rangeOf("fd00::/64", "fd00::2", "fd00::ffff:ffff:ffff:fffe")],
]);
const answer = { each: each.length, buffers: most - before };
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(answer)));
