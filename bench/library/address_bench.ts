/** Addresses from text and back, in the forms that keys and people write them. */
import { formatAddr, fromHex, parseAddr, toHex } from "../../lib/net/addr.ts";

const FOUR = "10.188.0.216";
const SIX = "2001:db8:0:1:ab::1f";

const CASES: readonly {
  readonly group: string;
  readonly name: string;
  readonly fn: () => unknown;
}[] = [
  { group: "parsing an address", name: "IPv4", fn: () => parseAddr(FOUR) },
  { group: "parsing an address", name: "IPv6", fn: () => parseAddr(SIX) },
  { group: "parsing an address", name: "IPv4 of a key", fn: () => fromHex("0abc00d8") },
  ...[FOUR, SIX].flatMap((text) => {
    const addr = parseAddr(text);
    const family = `IPv${addr.family}`;
    const group = "writing an address";
    return [
      { group, name: family, fn: () => formatAddr(addr) },
      { group, name: `${family} for a key`, fn: () => toHex(addr) },
    ];
  }),
];

const seen = new Set<string>();
for (const { group, name, fn } of CASES) {
  Deno.bench({ name, group, baseline: !seen.has(group), fn: () => void fn() });
  seen.add(group);
}
