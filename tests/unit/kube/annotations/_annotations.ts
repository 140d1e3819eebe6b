/** Helpers of the tests of annotations: a pod, a network, and short ways to show what was read. */
import { assertThrows } from "@std/assert";
import { CniError } from "../../../../lib/cni/errors.ts";
import type { RangeSet } from "../../../../lib/config/config.ts";
import { formatInterval } from "../../../../lib/config/range.ts";
import {
  type AnnotationsOptions,
  type PodWishes,
  readAnnotations,
} from "../../../../lib/kube/annotations/annotations.ts";
import type { Pod } from "../../../../lib/kube/pod.ts";
import { formatAddr } from "../../../../lib/net/addr.ts";
import { loadIpam } from "../../config/_load.ts";

/** 10.1.0.2-.9 and .100-.254 may be fixed. */
export const V4 = { subnet: "10.1.0.0/24", rangeStart: "10.1.0.10", rangeEnd: "10.1.0.99" };
/** fd00::1000-fd00::1fff may be fixed. */
export const V6 = { subnet: "fd00::/64", fixedStart: "fd00::1000", fixedEnd: "fd00::1fff" };
/** One set of each family. */
export const DUAL = { ranges: [[V4], [V6]] };
/** The annotation of Multus. */
export const NETWORKS = "k8s.v1.cni.cncf.io/networks";

/** A pod of nobody, unless told otherwise. */
export function podWith(
  annotations: Readonly<Record<string, string>> = {},
  more: Partial<Pod> = {},
): Pod {
  return {
    namespace: "default",
    name: "web-2",
    uid: "uid-1",
    phase: "Pending",
    deletionMs: undefined,
    annotations,
    controller: undefined,
    templateHash: undefined,
    serviceAccount: "default",
    nodeName: "node-1",
    ...more,
  };
}

/** A controller. */
export function controlledBy(kind: string, name = "web", uid = `${kind}-${name}`): Partial<Pod> {
  return { controller: { apiVersion: "apps/v1", kind, name, uid } };
}

/** The range sets of an `ipam` object. */
export function setsOf(ipam: Readonly<Record<string, unknown>>): readonly RangeSet[] {
  return loadIpam(ipam).sets;
}

/** What is read, of which pod, on which network. */
export interface Ask {
  readonly ipam?: Readonly<Record<string, unknown>>;
  readonly pod?: Partial<Pod>;
  readonly network?: string;
  readonly ifName?: string;
  readonly taken?: readonly number[];
}

/** Options of a network named "net". */
export function optionsOf(ask: Ask = {}): AnnotationsOptions {
  const { ipam = DUAL, network = "net", ifName = "eth0", taken = [] } = ask;
  return { network, ifName, sets: setsOf(ipam), taken: new Set(taken) };
}

/** Reads annotations. */
export function read(annotations: Readonly<Record<string, string>>, ask: Ask = {}): PodWishes {
  return readAnnotations(podWith(annotations, ask.pod), optionsOf(ask));
}

/** Wishes and pools as short texts: `0.0 10.1.0.5 /24 via 10.1.0.254 kube-ipam.ip`. */
export function shown({ wishes, pools }: PodWishes, { ipam = DUAL }: Ask = {}): readonly string[] {
  const sets = setsOf(ipam);
  return [
    ...wishes.map(({ set, range, addr, result, path }) =>
      [`${set}.${range}`, formatAddr(addr), ...resultOf(result), path].join(" ")
    ),
    ...pools.map(({ set, members, result, path }) => {
      const all = members.map((list) =>
        list.map((one) => formatInterval(one, sets[set]?.family ?? 4)).join(",")
      );
      return [`${set}`, `[${all.join("|")}]`, ...resultOf(result), path].join(" ");
    }),
  ];
}

function resultOf(result: PodWishes["wishes"][number]["result"]): string[] {
  const { prefixLength, gateway } = result ?? {};
  return [
    ...(prefixLength === undefined ? [] : [`/${prefixLength}`]),
    ...(gateway === undefined ? [] : [`via ${formatAddr(gateway)}`]),
  ];
}

/** The code and the lines of `details` of the error that reading must throw. */
export function refused(
  annotations: Readonly<Record<string, string>>,
  ask: Ask = {},
): readonly string[] {
  return linesOf(assertThrows(() => read(annotations, ask), CniError));
}

/** The code, the message and the lines of `details`. */
export function linesOf(error: CniError): readonly string[] {
  return [`${error.code} ${error.message}`, ...(error.details ?? "").split("\n")];
}
