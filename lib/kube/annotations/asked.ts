/**
 * The addresses of `kube-ipam.ip`, as they are written.
 *
 * @module
 */
import { type Addr, formatAddr, toHex } from "../../net/addr.ts";
import { parseAddrPrefix } from "../../net/prefix.ts";
import { readItems } from "./list.ts";
import { type Annotation, type AnnotationReport, formatComplaint, type Item } from "./report.ts";
import { exampleOf, type Home } from "./fixed_place.ts";

/** An address that is asked for. */
export interface AskedAddress {
  /** The address. */
  readonly addr: Addr;
  /** The prefix length written behind it, if any. */
  readonly length: number | undefined;
  /** Where it is written. */
  readonly item: Item;
}

/**
 * Reads the addresses of an annotation, each of them once.
 *
 * @param annotation The annotation; undefined where it is not set.
 * @param options The ranges of the network, for an example, and where mistakes go.
 * @returns The addresses in the order written.
 */
export function readAsked(
  annotation: Annotation | undefined,
  { homes, report }: { readonly homes: readonly Home[]; readonly report: AnnotationReport },
): readonly AskedAddress[] {
  const read = readItems(annotation, {
    parse: (item): AskedAddress => ({ ...parseAddrPrefix(item.text), item }),
    repair: `Write addresses, such as "${exampleOf(homes)}"`,
    report,
  });
  const once = new Map<string, AskedAddress>();
  for (const asked of read) {
    const hex = toHex(asked.addr);
    const earlier = once.get(hex);
    if (earlier === undefined) once.set(hex, asked);
    else if (earlier.length !== asked.length) {
      report.malformed.push(formatComplaint(asked.item, {
        what: `Cannot use ${asked.item.text} as item ${earlier.item.at} is ${earlier.item.text}`,
        repair: "Write the address once",
      }));
    } else {
      report.warnings.push(formatComplaint(asked.item, {
        what: `${formatAddr(asked.addr)} is written twice`,
        repair: `item ${earlier.item.at} counts`,
      }));
    }
  }
  return [...once.values()];
}
