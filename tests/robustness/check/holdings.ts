/**
 * Who held which address from when to when, as far as the answers promised it.
 *
 * @module
 */
import { isRecord } from "../../../lib/cni/values.ts";
import type { AttachmentRef, CallRecord, History } from "../history.ts";

/** What one good answer of ADD promised. */
export interface Holding {
  readonly ip: string;
  /** As `cluster/containerID/ifname`. */
  readonly holder: string;
  readonly call: CallRecord;
  /** When the answer came. */
  readonly fromMs: number;
  /** From when on the address may go: a removal or the next sandbox was begun, or the pod was over. */
  readonly toMs: number;
}

/**
 * Finds what was promised.
 *
 * @param history What happened.
 * @returns One for each address of each good answer.
 */
export function holdingsOf(history: History): readonly Holding[] {
  const byAttachment = Map.groupBy(
    history.calls.filter(({ attachment }) => attachment !== undefined),
    (call) => keyOf(call, call.attachment),
  );
  const adds = history.calls.filter(({ verb }) => verb === "ADD");
  const byPod = Map.groupBy(adds.filter(({ podUid }) => podUid !== undefined), podOf);
  const collections = history.calls.filter(({ verb }) => verb === "GC");
  return adds.flatMap((call) => {
    const { attachment, startMs, endMs } = call;
    const ips = call.exit === 0 ? grantedBy(call) : [];
    if (attachment === undefined || ips.length === 0) return [];
    const ends = [
      ...(byAttachment.get(keyOf(call, attachment)) ?? [])
        .filter((one) => one.verb === "DEL" && one.node === call.node && one.endMs > startMs),
      ...(byPod.get(podOf(call)) ?? [])
        .filter((one) =>
          one.attachment?.containerId !== attachment.containerId &&
          one.attachment?.ifName === attachment.ifName && one.endMs > startMs
        ),
      ...collections.filter((one) => isStale(call, one) && one.endMs > startMs),
    ].map((one) => one.startMs);
    const podMs = history.pods.get(call.podUid ?? "")?.endedMs ?? Infinity;
    const toMs = Math.min(podMs, ...ends);
    const holder = `${call.cluster}/${attachment.containerId}/${attachment.ifName}`;
    return ips.map((ip) => ({ ip, holder, call, fromMs: endMs, toMs }));
  });
}

/** The addresses of a good answer, without prefix lengths. */
export function grantedBy({ stdout }: Pick<CallRecord, "stdout">): readonly string[] {
  try {
    const result: unknown = JSON.parse(stdout);
    const ips = isRecord(result) ? result["ips"] : undefined;
    return (Array.isArray(ips) ? ips : []).filter(isRecord)
      .map((ip) => String(ip["address"]).replace(/\/.*$/, ""));
  } catch {
    return [];
  }
}

function keyOf({ cluster }: CallRecord, attachment: AttachmentRef | undefined): string {
  return `${cluster}/${attachment?.containerId}/${attachment?.ifName}`;
}

function podOf({ cluster, podUid }: CallRecord): string {
  return `${cluster}/${podUid}`;
}

/** Whether GC was not told of the attachment. */
function isStale(call: CallRecord, { cluster, node, valid = [] }: CallRecord): boolean {
  const { attachment } = call;
  return cluster === call.cluster && node === call.node &&
    !valid.some((one) =>
      one.containerId === attachment?.containerId && one.ifName === attachment.ifName
    );
}
