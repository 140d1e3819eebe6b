/**
 * Whether a cluster changed what is another one's.
 *
 * @module
 */
import { parseOwner } from "../../../lib/state/record_text.ts";
import type { Author, History, Violation } from "../history.ts";
import { addressAt, attachmentAt, folderOf, type Moment, timelineOf } from "./timeline.ts";

/**
 * Checks every revision of which a proxy saw who sent it.
 *
 * @param history What happened.
 * @returns What is wrong.
 */
export function foreign(history: Pick<History, "changes" | "authors">): readonly Violation[] {
  const authors = new Map(history.authors.map((author) => [author.revision, author]));
  const found: Violation[] = [];
  for (const moment of timelineOf(history.changes)) {
    const author = authors.get(moment.change.revision);
    if (author === undefined) continue;
    for (const { key } of moment.change.keys) {
      for (const cluster of clustersAt(moment, key)) {
        if (cluster !== author.cluster) found.push(violation(author, { key, cluster }));
      }
    }
  }
  return found;
}

/** The clusters that a change of this key touches. What cools down or is over is nobody's. */
function clustersAt({ before, after, change: { seenMs } }: Moment, key: string): readonly string[] {
  const [, , , , folder, cluster = ""] = key.split("/");
  switch (folder) {
    case "nodes":
    case "pods":
    case "clusters":
      return [cluster];
    case "attachments":
      return [before, after].flatMap((state) => attachmentAt(state, key)?.cluster ?? []);
    case "owners": {
      const was = before.get(key);
      const record = was === undefined ? undefined : parseOwner({ key, value: was, revision: "0" });
      const isOver = record?.addresses.every(({ until = Infinity }) => until <= seenMs) === true;
      return isOver && after.get(key) === undefined ? [] : [cluster];
    }
    case "addresses": {
      const [was, is] = [addressAt(before, key), addressAt(after, key)];
      const isOver = was?.state === "cooling" || (was?.until ?? Infinity) <= seenMs;
      return [isOver ? undefined : was, is].flatMap((record) => record?.cluster ?? []);
    }
    default:
      return [];
  }
}

function violation(
  { node, revision, cluster: own }: Author,
  { key, cluster }: { readonly key: string; readonly cluster: string },
): Violation {
  const what = `${folderOf(key)} of cluster ${cluster}`;
  return {
    kind: "foreign",
    text: `revision ${revision}: ${node} of cluster ${own} changed ${what}: ${key}`,
  };
}
