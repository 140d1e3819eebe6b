/**
 * Whose address it stays, and how long: `kube-ipam.owner`, `podname` and `kube-ipam.retain`.
 *
 * @module
 */
import { reasonOf } from "../../config/mistakes.ts";
import { parseRetain, type Retain } from "../../config/retain.ts";
import type { Owner } from "../../ipam/request.ts";
import type { Chosen } from "./chosen.ts";
import { type Annotation, type AnnotationReport, formatComplaint } from "./report.ts";
import { isOfOwnStatefulSet, isOfStatefulSet } from "../controllers.ts";
import type { Pod } from "../pod.ts";

/** What {@linkcode readOwner} found. */
export interface OwnerWish {
  /** The owner, if there is one. */
  readonly owner: Owner | undefined;
  /** The annotation that names it. */
  readonly from: Annotation | undefined;
  /** The pod's own rule. */
  readonly retain: Retain | undefined;
}

const PRINTABLE = /^[^\s\p{C}]{1,253}$/u;
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Reads the owner of a pod's addresses.
 *
 * @param pod The pod.
 * @param options Its annotations, and where mistakes go.
 * @returns The owner, and the rule.
 */
export function readOwner(
  pod: Pod,
  { chosen, report }: { readonly chosen: Chosen; readonly report: AnnotationReport },
): OwnerWish {
  const from = readName(chosen, report);
  const own = isOfStatefulSet(pod) ? pod.name : undefined;
  const name = from?.value ?? own;
  const owner = name === undefined ? undefined : { namespace: pod.namespace, name };
  return { owner, from, retain: readRetain(chosen.retain, { pod, owner, from, report }) };
}

function readName(
  { owner, podname }: Chosen,
  report: AnnotationReport,
): Annotation | undefined {
  if (owner !== undefined) {
    if (PRINTABLE.test(owner.value)) return owner;
    report.malformed.push(formatComplaint(owner, {
      what: "Cannot use the owner as it must have 1 to 253 printable characters without spaces",
      repair: 'Write a name, such as "web-0"',
    }));
    return undefined;
  }
  if (podname === undefined || NAME.test(podname.value)) return podname;
  report.warnings.push(formatComplaint(podname, {
    what: "it is not used, as it is no name of a pod",
    repair: "where it is meant to name the owner, write kube-ipam.owner",
  }));
  return undefined;
}

interface ReadRetainOptions extends Omit<OwnerWish, "retain"> {
  readonly pod: Pod;
  readonly report: AnnotationReport;
}

function readRetain(
  annotation: Annotation | undefined,
  { pod, owner, from, report }: ReadRetainOptions,
): Retain | undefined {
  if (annotation === undefined) return undefined;
  let retain: Retain;
  try {
    retain = parseRetain(annotation.value);
  } catch (error) {
    report.malformed.push(formatComplaint(annotation, {
      what: reasonOf(error),
      repair: 'Write one of these, such as "forever"',
    }));
    return undefined;
  }
  if (retain === "owner" && from !== undefined) {
    report.malformed.push(formatComplaint(annotation, {
      what: `Cannot retain the address for the owner that ${from.key} names as "owner" goes by ` +
        "the StatefulSet of the pod",
      repair: `Write "forever" or a duration such as "7d", or remove ${from.key}`,
    }));
  } else if (retain === "owner" && owner !== undefined && !isOfOwnStatefulSet(pod)) {
    report.malformed.push(formatComplaint(annotation, {
      what:
        `Cannot retain the address for a pod of ${pod.controller?.apiVersion} as "owner" goes by ` +
        "a StatefulSet of apps/v1",
      repair: 'Write "forever" or a duration such as "7d"',
    }));
  } else if (retain !== "none" && owner === undefined) {
    report.warnings.push(formatComplaint(annotation, {
      what: "it has no effect: the pod is not of a StatefulSet, and names no owner",
      repair: "write kube-ipam.owner",
    }));
  }
  return retain;
}
