/** Choosing an address: the plan of an ADD without any datastore, in pools of which a part is taken. */
import { record, replay } from "./_snapshot.ts";

const POOLS = [
  { name: "an IPv4 /16", subnet: "10.0.0.0/16" },
  { name: "an IPv4 /8", subnet: "10.0.0.0/8" },
  { name: "an IPv6 /64", subnet: "fd00::/64" },
];
const PERCENT = [0, 50, 99];
/** ADDs that take turns, as not all meet the same. */
const TURNS = 16;

for (const percent of PERCENT) {
  for (const [index, { name, subnet }] of POOLS.entries()) {
    const recordings = Array.from(
      { length: TURNS },
      (_, seed) => record({ subnet, percent }, seed),
    );
    let turn = 0;
    Deno.bench({
      name,
      group: `choosing an address, ${percent} % taken`,
      baseline: index === 0,
      fn: () => {
        const recording = recordings[turn++ % TURNS];
        if (recording !== undefined) replay(recording);
      },
    });
  }
}
