/**
 * Keys that are nearly, but not quite, one of ours: a fixed pod must never get another address because
 * of a misspelt key.
 *
 * @module
 */
import { editDistance, nearest } from "../../config/nearest.ts";
import { annotationOf, LIKE_PREFIX, MULTUS_NETWORKS, PER_NETWORK, PREFIX, WORDS } from "./keys.ts";
import { type Annotation, type AnnotationReport, formatComplaint, showText } from "./report.ts";
import type { Multus } from "./multus.ts";
import type { Pod } from "../pod.ts";

/** Options of {@linkcode checkKeys}. */
export interface CheckKeysOptions {
  /** The netconf's name. */
  readonly network: string;
  /** The other networks of the pod. */
  readonly multus: Multus;
  /** Where mistakes go. */
  readonly report: AnnotationReport;
}

/**
 * Finds keys that are nearly one of ours, and those that nobody knows.
 *
 * @param pod The pod.
 * @param options The network, and where mistakes go.
 */
export function checkKeys(pod: Pod, options: CheckKeysOptions): void {
  for (const key of Object.keys(pod.annotations)) checkKey(key, { ...options, pod });
}

function checkKey(key: string, options: CheckKeysOptions & { readonly pod: Pod }): void {
  const { pod, network, report } = options;
  const prefix = LIKE_PREFIX.exec(key)?.[0];
  if (prefix === undefined) return;
  const annotation = annotationOf(pod, key);
  if (annotation === undefined) {
    // For one network an empty value says that nothing is asked there.
    if (!WORDS.includes(key.slice(prefix.length))) return;
    report.warnings.push(formatComplaint({ key, value: "" }, {
      what: "it is empty",
      repair: "it counts as absent",
    }));
    return;
  }
  const rest = key.slice(prefix.length);
  const meant = meantBy(rest, options);
  if (meant === "other") return checkOther(annotation, { ...options, rest });
  if (meant === rest && prefix === PREFIX) return;
  if (meant !== undefined) {
    const isNamed = PER_NETWORK.some((word) =>
      rest.startsWith(`${word}.`) && meant === `${word}.${network}`
    );
    const hint = isNamed
      ? `; where it is for another network, name that one in ${MULTUS_NETWORKS}, ` +
        `or write ${PREFIX}${meant} too, if need be with an empty value`
      : "";
    report.malformed.push(formatComplaint(annotation, {
      what: `Cannot use the annotation as network ${showText(network)} does not know its key`,
      repair: `did you mean ${PREFIX}${meant}${hint}`,
    }));
  } else {
    report.malformed.push(formatComplaint(annotation, {
      what: "Cannot use the annotation as its key is unknown",
      repair: `known are ${WORDS.map((word) => PREFIX + word).join(", ")}`,
    }));
  }
}

/** An address for another network, of which nobody knows: a network that was renamed must not make all its fixed pods random. */
function checkOther(
  annotation: Annotation,
  options: CheckKeysOptions & { readonly pod: Pod; readonly rest: string },
): void {
  const { pod, network, multus, report, rest } = options;
  const isWish = rest.startsWith("ip.") || rest.startsWith("pool.");
  const isSettled = ["ip", "pool"].some((word) =>
    Object.hasOwn(pod.annotations, `${PREFIX}${word}.${network}`)
  );
  if (!isWish || isSettled || multus.kind !== "none") return;
  report.malformed.push(formatComplaint(annotation, {
    what: `Cannot use the annotation as this is network ${showText(network)}, and the pod has no ` +
      `annotation ${MULTUS_NETWORKS} that names another`,
    repair: `Name network ${network}, or where the pod is on several networks all the same, ` +
      `write ${PREFIX}ip.${network} too, if need be with an empty value`,
  }));
}

/** What somebody meant who wrote this behind the prefix; `other`: another network's; undefined: no idea. */
function meantBy(
  rest: string,
  options: CheckKeysOptions & { readonly pod: Pod },
): string | undefined {
  const { network } = options;
  if (WORDS.includes(rest)) return rest;
  const word = PER_NETWORK.find((known) => rest.startsWith(`${known}.`));
  const near = word ?? nearest(rest, WORDS);
  if (word === undefined && near !== undefined) return near;
  if (word === undefined && rest.startsWith(`${network}.`)) {
    const reversed = nearest(rest.slice(network.length + 1), PER_NETWORK);
    if (reversed !== undefined) return `${reversed}.${network}`;
  }
  const dot = word?.length ?? rest.indexOf(".");
  if (dot < 0) return undefined;
  const known = word ?? nearest(rest.slice(0, dot), WORDS);
  const suffix = rest.slice(dot + 1);
  if (known === undefined) return undefined;
  const isPerNetwork = PER_NETWORK.some((one) => one === known);
  if (!isPerNetwork) return known;
  if (suffix === network) return `${known}.${network}`;
  return isNear(suffix, network) && !isOther(known, { ...options, suffix })
    ? `${known}.${network}`
    : "other";
}

function isNear(a: string, b: string): boolean {
  if (nearest(a, [b]) !== undefined) return true;
  const isLong = Math.min(a.length, b.length) > 8 && Math.abs(a.length - b.length) <= 2;
  return isLong && editDistance(a.slice(0, 512), b.slice(0, 512)) <= 2;
}

interface IsOtherOptions extends CheckKeysOptions {
  readonly pod: Pod;
  readonly suffix: string;
}

/** net1 and net2 are near one another and yet two: whoever names either of them elsewhere says so. */
function isOther(word: string, { pod, network, multus, suffix }: IsOtherOptions): boolean {
  if (multus.kind === "list" && multus.networks.some(({ name }) => name === suffix)) return true;
  const isWish = word === "ip" || word === "pool";
  const settling = isWish
    ? [`ip.${network}`, `pool.${network}`]
    : [`${word}.${network}`, `ip.${suffix}`, `pool.${suffix}`];
  return settling.some((one) => Object.hasOwn(pod.annotations, PREFIX + one));
}
