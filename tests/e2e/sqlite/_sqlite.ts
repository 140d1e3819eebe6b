/**
 * What the tests of SQLite under fire share: calls that are killed or whose system calls fail, and what the file holds afterwards.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { SQLITE_FILE } from "../../../lib/datastore/sqlite.ts";
import { parseAttachment } from "../../../lib/state/record_text.ts";
import type { Entry } from "../../../lib/state/txn.ts";
import { entriesIn } from "../../support/answers.ts";
import {
  BINARY,
  callPlugin,
  type PluginAnswer,
  type PluginCall,
  pluginCommand,
  type Sandbox,
} from "../../support/plugin.ts";

/** The system calls by which SQLite changes its files. */
export const CHANGES = ["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"];

/** The database of a sandbox. */
export function databaseOf({ dataDir }: Pick<Sandbox, "dataDir">): string {
  return `${dataDir}/${SQLITE_FILE}`;
}

/** Everything in the database; its structure and the invariants are checked. */
export async function soundEntries(
  sandbox: Pick<Sandbox, "dataDir">,
): Promise<readonly Entry[]> {
  const entries = await entriesIn(sandbox);
  const db = new DatabaseSync(databaseOf(sandbox));
  try {
    assertEquals(db.prepare("PRAGMA integrity_check").all().map((row) => row.integrity_check), [
      "ok",
    ]);
  } finally {
    db.close();
  }
  return entries;
}

/** The address of each container that holds one. */
export function heldIn(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const records = entries.filter(({ key }) => key.includes("/attachments/")).map(parseAttachment);
  return new Map(
    records.map(({ containerID, addresses }) => [containerID, addresses[0]?.ip ?? ""]),
  );
}

/** How a call is traced. */
export interface TraceOptions {
  /** The files whose system calls count. */
  readonly paths: readonly string[];
  /** More flags of strace. */
  readonly flags?: readonly string[];
}

/** What a traced call did. */
export interface TracedCall {
  readonly answer: PluginAnswer;
  /** The lines of strace. */
  readonly trace: string;
}

/**
 * Runs a call under strace.
 *
 * @param sandbox Where it works.
 * @param call The call.
 * @param options What is traced, and what is done to it.
 * @returns Its answer, and the trace.
 */
export async function traced(
  { root }: Pick<Sandbox, "root">,
  { call, paths, flags = [] }: TraceOptions & { readonly call: PluginCall },
): Promise<TracedCall> {
  const file = `${root}/trace`;
  const words = [
    ...["strace", "-f", "-qq", "-o", file],
    ...paths.flatMap((path) => ["-P", path]),
    ...flags,
    ...await pluginCommand(root),
  ];
  const answer = await callPlugin(call, { root, words });
  return { answer, trace: await Deno.readTextFile(file) };
}

/** A call that may be killed. */
export interface KilledCall {
  readonly call: PluginCall;
  /** When it is killed, in milliseconds from its start. */
  readonly afterMs: number;
}

/**
 * Runs a call and kills it, unless it ends before.
 *
 * @param sandbox Where it works.
 * @param killed The call.
 * @returns What it printed, and its exit code: 137 where it was killed.
 */
export async function killed(
  { root }: Pick<Sandbox, "root">,
  { call, afterMs }: KilledCall,
): Promise<{ readonly code: number; readonly stdout: string }> {
  const [program = "", ...args] = await pluginCommand(root);
  const child = new Deno.Command(program, {
    args,
    env: environment(call),
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }, afterMs);
  const writer = child.stdin.getWriter();
  const text = new TextEncoder().encode(JSON.stringify(call.netconf));
  await writer.write(text).then(() => writer.close()).catch(() => {});
  const { code, stdout } = await child.output();
  clearTimeout(timer);
  return { code, stdout: new TextDecoder().decode(stdout) };
}

function environment(
  { command = "", containerId = "", ifName = "" }: PluginCall,
): Record<string, string> {
  const own = BINARY !== undefined ? [] : ["HOME", "DENO_DIR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: ifName,
    CNI_NETNS: "/run/netns/blue",
    CNI_PATH: "/opt/cni/bin",
    ...Object.fromEntries(own),
  };
}

/** Every how manieth change of the file is tried: all of them where KUBE_IPAM_EVERY_POINT is 1, which takes minutes. */
export const STRIDE = Deno.env.get("KUBE_IPAM_EVERY_POINT") === "1" ? 1 : 8;

/** The change that is tried first: another one each time. */
export function firstChange(): number {
  return 1 + Math.floor(Math.random() * STRIDE);
}
