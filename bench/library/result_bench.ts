/** Writing the result of an ADD. */
import { formatResult, type IpamResult } from "../../lib/cni/result.ts";
import { parseAddr } from "../../lib/net/addr.ts";

const ONE: IpamResult = {
  ips: [{ addr: parseAddr("10.1.0.17"), prefixLength: 24, gateway: parseAddr("10.1.0.1") }],
  routes: [],
  dns: {},
};
const TWO: IpamResult = {
  ...ONE,
  ips: [...ONE.ips, {
    addr: parseAddr("fd00::17"),
    prefixLength: 64,
    gateway: parseAddr("fd00::1"),
  }],
};

const CASES = [
  { name: "one address, 1.0.0", result: ONE, version: "1.0.0" },
  { name: "two families, 1.0.0", result: TWO, version: "1.0.0" },
  { name: "two families, 0.2.0", result: TWO, version: "0.2.0" },
] as const;

for (const [index, { name, result, version }] of CASES.entries()) {
  Deno.bench({
    name,
    group: "writing a result",
    baseline: index === 0,
    fn: () => {
      formatResult(result, version);
    },
  });
}
