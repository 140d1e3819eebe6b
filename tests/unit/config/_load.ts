/** Helpers of the tests of lib/config: short ways to load a netconf and to see what is told. */
import { assertThrows } from "@std/assert";
import type { CniArgs } from "../../../lib/cni/args.ts";
import { CniError } from "../../../lib/cni/errors.ts";
import type { Config } from "../../../lib/config/config.ts";
import { loadConfig, type LoadConfigOptions } from "../../../lib/config/load.ts";
import { formatInterval } from "../../../lib/config/range.ts";

/** No CNI_ARGS. */
export const NO_ARGS: CniArgs = { ips: [], gateways: [] };

/** Loads a netconf for ADD outside Kubernetes, unless told otherwise. */
export function load(
  netconf: Readonly<Record<string, unknown>>,
  options: Partial<LoadConfigOptions> = {},
): Config {
  const base = { cniVersion: "1.0.0", name: "net", type: "bridge" };
  return loadConfig({ ...base, ...netconf }, {
    command: "ADD",
    args: NO_ARGS,
    kubernetes: false,
    ...options,
  });
}

/** Loads an `ipam` object. */
export function loadIpam(
  ipam: Readonly<Record<string, unknown>>,
  options: Partial<LoadConfigOptions> = {},
): Config {
  return load({ ipam: { type: "kube-ipam", ...ipam } }, options);
}

/** The lines of `details` of the error that a call must throw. */
export function mistakesOf(call: () => unknown): readonly string[] {
  const error = assertThrows(call, CniError);
  return [`code ${error.code}`, ...(error.details ?? "").split("\n")];
}

/** The paths of the mistakes in an `ipam` object. */
export function pathsOf(
  ipam: Readonly<Record<string, unknown>>,
  options: Partial<LoadConfigOptions> = {},
): readonly string[] {
  return mistakesOf(() => loadIpam(ipam, options)).slice(1).map((line) =>
    line.split(": ")[0] ?? ""
  );
}

/** All ranges of a configuration: `path random | fixed`. */
export function showRanges(config: Config): readonly string[] {
  return config.sets.flatMap(({ family, ranges }) =>
    ranges.map(({ path, random, fixed }) => {
      const [a, b] = [random, fixed].map((list) =>
        list.map((interval) => formatInterval(interval, family)).join(" ")
      );
      return `${path} ${a} | ${b}`;
    })
  );
}
