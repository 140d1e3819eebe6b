/**
 * The holder of an address that somebody else wants: looked at once more before it is said to be in use.
 *
 * @module
 */
import { type Addr, formatAddr } from "../../net/addr.ts";
import { addressKey, attachmentKey, attachmentOfRecord, clusterKey } from "../../state/keys.ts";
import type { AddressRecord } from "../../state/records.ts";
import { parseAddress, parseAttachment } from "../../state/record_text.ts";
import type { Entry } from "../../state/txn.ts";
import { areOne, isOwn } from "./authority.ts";
import type { Victim } from "./pick.ts";
import { entryOf, judge, type Plan, read, type Verdict } from "../plan.ts";
import type { AddRequest } from "../request.ts";

/** What the second look showed. */
export type Look =
  /** Something else stands there by now. */
  | { readonly kind: "changed"; readonly entry: Entry | undefined }
  /** The holder's pod is gone: whoever removes the attachment may have the address. */
  | { readonly kind: "gone"; readonly victim: Victim; readonly entry: Entry }
  /** It is held. */
  | { readonly kind: "held"; readonly verdict: Verdict };

/**
 * Looks at a holder: at its records in one snapshot, then at its pod.
 *
 * @param request The ADD that wants the address.
 * @param options The address, and the holder as it was seen.
 * @returns What is to be done about it.
 */
export function* lookAt(
  request: AddRequest,
  options: { readonly addr: Addr; readonly holder: AddressRecord },
): Plan<Look> {
  const { addr, holder } = options;
  const { space, asker } = request;
  if (holder.cluster !== asker.cluster) {
    return unknown(`it is of cluster "${holder.cluster}", and this is "${asker.cluster}"`);
  }
  if (holder.pod?.namespace === undefined) return unknown("it is no pod of Kubernetes");
  const seen = yield* read([
    { kind: "get", key: addressKey(space, addr) },
    { kind: "get", key: attachmentKey(space, attachmentOfRecord(holder)) },
    { kind: "get", key: clusterKey(space, asker.cluster) },
  ]);
  const [address, attachment, cluster] = seen.map(entryOf);
  if (address === undefined || !isSameHolder(parseAddress(address), holder)) {
    return { kind: "changed", entry: address };
  }
  const record = attachment && parseAttachment(attachment);
  if (
    attachment === undefined || !record?.addresses.some(({ ip }) => ip === formatAddr(addr))
  ) {
    return unknown("the record of its attachment is missing: only GC or an operator can free it");
  }
  const victim: Victim = { record, revision: attachment.revision };
  if (isSameAttachment(request, holder)) return { kind: "gone", victim, entry: address };
  const { authority } = holder;
  if (!isOwn(request, authority) && !areOne(request, { authority, cluster })) {
    return unknown(
      (asker.authorities ?? []).length === 0
        ? "no Kubernetes API is asked, or its kubeconfig has no CA that tells it from others"
        : authority === undefined
        ? "it was given when no API could vouch for its pod (annotations were off, or the kubeconfig had no CA): " +
          "delete the pod, or free the address with kube-ipam release --force"
        : `another Kubernetes API, or this one with another certificate authority, wrote it under the cluster name ` +
          `"${asker.cluster}": set ipam.cluster to a name of its own in each cluster; if the authority was changed, ` +
          "see docs/annotations.md, The kubeconfig",
    );
  }
  const verdict = yield* judge(holder);
  return verdict.kind === "gone"
    ? { kind: "gone", victim, entry: address }
    : { kind: "held", verdict };
}

/** Tells whether a holder is the pod that asks. */
export function isSamePod({ asker }: AddRequest, holder: AddressRecord): boolean {
  return asker.pod?.uid !== undefined && holder.cluster === asker.cluster &&
    holder.pod?.uid === asker.pod.uid;
}

/** Tells whether a holder is a former sandbox of the pod that asks, on the same network and interface. */
export function isSameAttachment(request: AddRequest, holder: AddressRecord): boolean {
  const { network, ifName, nodeId } = request.asker;
  return isSamePod(request, holder) && holder.nodeId === nodeId && holder.network === network &&
    holder.ifname === ifName;
}

function isSameHolder(now: AddressRecord, before: AddressRecord): boolean {
  return now.state === "held" && now.network === before.network &&
    now.containerID === before.containerID && now.ifname === before.ifname &&
    now.pod?.uid === before.pod?.uid; // another pod may use the container ID again
}

function unknown(reason: string): Look {
  return { kind: "held", verdict: { kind: "unknown", reason } };
}
