/**
 * One watch of etcd by its JSON gateway: a line of JSON for each batch of changes.
 *
 * @module
 */
import { isRecord } from "../../../lib/cni/values.ts";
import { type Change, type KeyChange, nowMs } from "../history.ts";

/** Where a watch begins, and what it looks at. */
export interface StreamOptions {
  readonly endpoint: string;
  /** Everything below this. */
  readonly prefix: string;
  readonly fromRevision: number;
  readonly signal: AbortSignal;
}

/** A watch that says nothing for so long is begun anew, as its member may be paused. */
const SILENT_MS = 2_000;

/**
 * Watches one member until it fails, or says nothing for long.
 *
 * @param options Where it begins.
 * @returns The changes, by revision.
 * @throws {Error} If the connection fails or the watch is cancelled.
 */
export async function* watchMember(options: StreamOptions): AsyncGenerator<Change> {
  const { endpoint, prefix, fromRevision, signal } = options;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENT_MS);
  try {
    const response = await fetch(`${endpoint}/v3/watch`, {
      method: "POST",
      body: JSON.stringify({ create_request: createRequest(prefix, fromRevision) }),
      signal: AbortSignal.any([signal, silence.signal]),
    });
    for await (const line of linesOf(response)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
      yield* changesOf(line);
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function createRequest(prefix: string, fromRevision: number): unknown {
  const end = `${prefix.slice(0, -1)}${
    String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
  }`;
  return { key: btoa(prefix), range_end: btoa(end), start_revision: String(fromRevision) };
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let left = "";
  for await (
    const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
  ) {
    const lines = (left + text).split("\n");
    left = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

/** The changes of one line, in order of their revisions. */
function changesOf(line: string): readonly Change[] {
  const message: unknown = JSON.parse(line);
  const result = isRecord(message) ? message["result"] : undefined;
  if (!isRecord(result) || result["canceled"] === true) {
    throw new Error(`Cannot watch etcd: current answer is ${line}`);
  }
  const byRevision = new Map<number, KeyChange[]>();
  for (const event of Array.isArray(result["events"]) ? result["events"] : []) {
    const pair: unknown = isRecord(event) ? event["kv"] : undefined;
    if (!isRecord(pair)) continue;
    const revision = Number(pair["mod_revision"]);
    const key = atob(String(pair["key"]));
    const value = event["type"] === "DELETE" ? undefined : decode(pair["value"]);
    byRevision.set(revision, [...byRevision.get(revision) ?? [], { key, value }]);
  }
  const seenMs = nowMs();
  return [...byRevision].sort(([a], [b]) => a - b)
    .map(([revision, keys]) => ({ revision, seenMs, keys }));
}

function decode(value: unknown): string {
  if (typeof value !== "string") return "";
  return new TextDecoder().decode(Uint8Array.from(atob(value), (char) => char.charCodeAt(0)));
}
