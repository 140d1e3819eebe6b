/**
 * What the workload brought about: without it a good end says nothing.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import { parseAddress } from "../../lib/state/record_text.ts";
import { addressAt, folderOf, timelineOf } from "./check/timeline.ts";
import type { CallRecord, Change, KeyChange } from "./history.ts";
import { type Tally, tallyOf } from "./tally.ts";

/**
 * Counts what became of addresses, as the watch and the answers of reconcile and replay tell.
 *
 * @param options The changes, and the calls.
 * @returns Numbers by what happened.
 */
export function happenedIn(
  { changes, calls }: {
    readonly changes: readonly Change[];
    readonly calls: readonly CallRecord[];
  },
): Tally {
  const names: string[] = [];
  for (const { change: { keys }, before } of timelineOf(changes)) {
    for (const change of keys.filter(({ key }) => folderOf(key) === "addresses")) {
      const name = nameOf(change, addressAt(before, change.key));
      if (name !== undefined) names.push(name);
    }
  }
  return tallyOf([...names, ...calls.flatMap(toldBy)]);
}

function nameOf(
  { key, value }: KeyChange,
  was: ReturnType<typeof addressAt>,
): string | undefined {
  const is = value === undefined ? undefined : parseAddress({ key, value, revision: "0" });
  if (is?.state === "held") {
    if (was === undefined) return "address claimed that was free";
    if (was.state === "cooling") return "address claimed that cooled down";
    if (was.state === "retained") return "address claimed that was kept for an owner";
    if (was.containerID === is.containerID) return "address kept by the same container again";
    return was.pod?.uid === is.pod?.uid
      ? "address taken over by the pod's next sandbox"
      : "address taken over from a pod that was gone";
  }
  return was?.state === "held" ? "address given back" : undefined;
}

/** What a sub-command says that it did. */
function toldBy({ verb, stdout }: CallRecord): readonly string[] {
  if (verb !== "replay" && verb !== "reconcile") return [];
  return stdout.split("\n").flatMap((line): readonly string[] => {
    const said = parsed(line);
    if (!isRecord(said)) return [];
    if (verb === "replay") return [`replay settled a release: ${said["outcome"]}`];
    const freed = Array.isArray(said["freed"]) ? said["freed"] : [];
    return freed.filter(isRecord).map(({ kind }) => `reconcile freed an address: ${kind}`);
  });
}

/** A process that was killed may have left half a line. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
