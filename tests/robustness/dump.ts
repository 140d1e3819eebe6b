/**
 * Keeps what happened in a run, for whoever looks for the cause of a violation.
 *
 * @module
 */
import type { History } from "./history.ts";

/**
 * Writes the history as lines of JSON.
 *
 * @param history What happened.
 * @param folder The folder, which takes `calls.jsonl`, `changes.jsonl`, `authors.jsonl` and `pods.jsonl`.
 */
export async function dumpHistory(
  { calls, changes, authors, pods }: History,
  folder: string,
): Promise<void> {
  const files = { calls, changes, authors, pods: [...pods.values()] };
  for (const [name, list] of Object.entries(files)) {
    const lines = list.map((one) => `${JSON.stringify(one)}\n`);
    await Deno.writeTextFile(`${folder}/${name}.jsonl`, lines.join(""));
  }
}
