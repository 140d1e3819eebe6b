/**
 * `kube-ipam.pool-order`: whether each pod of a StatefulSet has its own place in the pool.
 *
 * @module
 */
import { type Annotation, type AnnotationReport, formatComplaint } from "./report.ts";
import { isOfStatefulSet } from "../controllers.ts";
import type { Pod } from "../pod.ts";

const ORDINAL = /-(0|[1-9]\d{0,9})$/;

/**
 * Reads which place of the pool a pod is for.
 *
 * @param annotation The annotation; undefined where it is not set.
 * @param options The pod, and where mistakes go.
 * @returns The place, from 0; undefined where any will do.
 */
export function readPoolOrder(
  annotation: Annotation | undefined,
  { pod, report }: { readonly pod: Pod; readonly report: AnnotationReport },
): number | undefined {
  if (annotation === undefined || annotation.value === "any") return undefined;
  if (annotation.value !== "ordinal") {
    report.malformed.push(formatComplaint(annotation, {
      what: 'Cannot use the order as it must be "ordinal" or "any"',
      repair: 'Write "ordinal" for the pods of a StatefulSet, or remove it',
    }));
    return undefined;
  }
  const ordinal = isOfStatefulSet(pod) ? ORDINAL.exec(pod.name)?.[1] : undefined;
  if (ordinal !== undefined) return Number(ordinal);
  const what = isOfStatefulSet(pod)
    ? "must end in its number, such as web-0"
    : `must be of a StatefulSet: current controller is ${pod.controller?.kind ?? "none"}`;
  report.malformed.push(formatComplaint(annotation, {
    what: `Cannot order the pool as pod ${pod.namespace}/${pod.name} ${what}`,
    repair: 'Write "any", or remove it',
  }));
  return undefined;
}
