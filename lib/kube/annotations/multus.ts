/**
 * The networks that Multus gives a pod beside its first one: `k8s.v1.cni.cncf.io/networks`.
 *
 * @see {@link https://github.com/k8snetworkplumbingwg/multi-net-spec}
 * @module
 */

/** One network of the list. */
export interface MultusNetwork {
  /** The name of its NetworkAttachmentDefinition. */
  readonly name: string;
  /** The interface that it becomes: as asked for, else `net<n>`, counted from 1. */
  readonly ifName: string;
}

/** What the annotation says. */
export type Multus =
  /** There is none, or it names no network. */
  | { readonly kind: "none" }
  /** The networks in order, at least one. */
  | { readonly kind: "list"; readonly networks: readonly MultusNetwork[] }
  /** It cannot be read; Multus itself tells the user. */
  | { readonly kind: "unreadable" };

interface Element {
  readonly name: string;
  readonly ifName: string | undefined;
}

// Multus itself takes a value with one of these for JSON.
const JSON_SIGNS = /[[{"]/;
const SHORT = /^(?:[a-z0-9.-]+\/)?([a-z0-9.-]+)(?:@([^\s/@]{1,15}))?$/;

/**
 * Reads the annotation, in its JSON form and in its short form `namespace/name@interface, ...`.
 *
 * @param text Its value; undefined without one.
 * @returns The networks.
 */
export function parseMultus(text: string | undefined): Multus {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") return { kind: "none" };
  const elements = JSON_SIGNS.test(trimmed) ? readJson(trimmed) : readShort(trimmed);
  if (elements === undefined) return { kind: "unreadable" };
  if (elements.length === 0) return { kind: "none" };
  const networks = elements.map(({ name, ifName }, index) => ({
    name,
    ifName: ifName ?? `net${index + 1}`,
  }));
  return { kind: "list", networks };
}

/**
 * Tells whether an interface is the last one that the pod gets.
 *
 * @param multus What the annotation says.
 * @param ifName CNI_IFNAME.
 * @returns Whether it is; never where that cannot be known.
 */
export function isLastInterface(multus: Multus, ifName: string): boolean {
  return multus.kind === "list" && multus.networks.at(-1)?.ifName === ifName;
}

function readShort(text: string): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (const item of text.split(",")) {
    const found = SHORT.exec(item.trim());
    if (found?.[1] === undefined) return undefined;
    elements.push({ name: found[1], ifName: found[2] });
  }
  return elements;
}

function readJson(text: string): readonly Element[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const elements: Element[] = [];
  for (const element of list) {
    const read = readElement(element);
    if (read === undefined) return undefined;
    elements.push(read);
  }
  return elements;
}

function readElement(element: unknown): Element | undefined {
  if (typeof element !== "object" || element === null || !("name" in element)) return undefined;
  const { name } = element;
  if (typeof name !== "string" || name === "") return undefined;
  const ifName = "interface" in element ? element.interface : undefined;
  if (ifName === undefined || ifName === "" || ifName === null) return { name, ifName: undefined };
  return typeof ifName === "string" ? { name, ifName } : undefined;
}
