/**
 * Which annotations count for one network: those that name it come before those that name none.
 *
 * @module
 */
import { annotationOf, PODNAME, PREFIX } from "./keys.ts";
import { type Annotation, type AnnotationReport, formatComplaint } from "./report.ts";
import { checkKeys } from "./misspelt_keys.ts";
import type { Multus } from "./multus.ts";
import type { Pod } from "../pod.ts";

/** What counts for one network. */
export interface Chosen {
  /** It is spoken of by name: an address outside of it is a mistake. */
  readonly specific: boolean;
  /** `kube-ipam.ip` */
  readonly ip: Annotation | undefined;
  /** `kube-ipam.pool` */
  readonly pool: Annotation | undefined;
  /** `kube-ipam.netmask` */
  readonly netmask: Annotation | undefined;
  /** `kube-ipam.gateway` */
  readonly gateway: Annotation | undefined;
  /** `kube-ipam.pool-order` */
  readonly order: Annotation | undefined;
  /** `kube-ipam.owner` */
  readonly owner: Annotation | undefined;
  /** `podname` */
  readonly podname: Annotation | undefined;
  /** `kube-ipam.retain` */
  readonly retain: Annotation | undefined;
}

/** Options of {@linkcode chooseAnnotations}. */
export interface ChooseAnnotationsOptions {
  /** The netconf's name. */
  readonly network: string;
  /** The other networks of the pod. */
  readonly multus: Multus;
  /** Where mistakes go. */
  readonly report: AnnotationReport;
}

/**
 * Chooses what counts for a network, and finds keys that are nearly, but not quite, one of ours: a
 * fixed pod must never get another address because of a misspelt key.
 *
 * @param pod The pod.
 * @param options The network, and where mistakes go.
 * @returns The annotations that count.
 */
export function chooseAnnotations(pod: Pod, options: ChooseAnnotationsOptions): Chosen {
  const { network, report } = options;
  function plain(word: string): Annotation | undefined {
    return annotationOf(pod, word === PODNAME ? PODNAME : PREFIX + word);
  }
  function own(word: string): Annotation | undefined {
    return annotationOf(pod, `${PREFIX}${word}.${network}`);
  }
  checkKeys(pod, options);
  // An empty one says that nothing is asked of this network.
  const specific = ["ip", "pool"].some((word) =>
    Object.hasOwn(pod.annotations, `${PREFIX}${word}.${network}`)
  );
  const hasPlain = plain("ip") !== undefined || plain("pool") !== undefined;
  for (const word of ["netmask", "gateway"]) {
    if (!hasPlain) checkAlone(plain(word), { beside: "ip", report });
    if (!hasPlain && !specific) checkAlone(own(word), { beside: `ip.${network}`, report });
  }
  if ((specific ? own("pool") : plain("pool")) === undefined) {
    checkAlone(own("pool-order"), { beside: `pool.${network}`, report });
    const isElsewhere = Object.keys(pod.annotations).some((key) =>
      key === `${PREFIX}pool` || key.startsWith(`${PREFIX}pool.`)
    );
    if (!isElsewhere) checkAlone(plain("pool-order"), { beside: "pool", report });
  }
  return {
    specific,
    ip: specific ? own("ip") : plain("ip"),
    pool: specific ? own("pool") : plain("pool"),
    netmask: own("netmask") ?? (specific ? undefined : plain("netmask")),
    gateway: own("gateway") ?? (specific ? undefined : plain("gateway")),
    order: own("pool-order") ?? plain("pool-order"),
    owner: plain("owner"),
    podname: plain(PODNAME),
    retain: plain("retain"),
  };
}

function checkAlone(
  annotation: Annotation | undefined,
  { beside, report }: { readonly beside: string; readonly report: AnnotationReport },
): void {
  if (annotation === undefined) return;
  const isPlain = !beside.includes(".");
  const hint = isPlain ? "; what is for one network ends with .<network> in both" : "";
  report.malformed.push(formatComplaint(annotation, {
    what: `Cannot use the annotation as it stands without ${PREFIX}${beside}`,
    repair: `Write ${PREFIX}${beside} beside it, or remove it${hint}`,
  }));
}
