/**
 * What an answer of the plugin must look like, and what it left in the SQLite datastore.
 *
 * @module
 */
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { openSqlite } from "../../lib/datastore/sqlite.ts";
import type { Entry } from "../../lib/state/txn.ts";
import { allEntries, checkInvariants } from "./invariants.ts";
import type { PluginAnswer, PluginCall, Sandbox } from "./plugin.ts";

/** An object of JSON, as a test looks at it. */
// deno-lint-ignore no-explicit-any
export type Json = any;

/** A CNI error object. */
export interface Refusal {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/**
 * Checks an answer with a result: exit code 0, one JSON object on stdout, nothing else anywhere.
 *
 * @param answer What came back.
 * @returns The object.
 */
export function assertResult(answer: PluginAnswer): Json {
  assertEquals(answer.stderr, "");
  assertEquals(answer.code, 0, answer.stdout);
  assertOneObject(answer);
  return answer.json;
}

/**
 * Checks an answer without a result: exit code 0 and nothing on stdout.
 *
 * @param answer What came back.
 */
export function assertSilent(answer: PluginAnswer): void {
  const { code, stdout, stderr } = answer;
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
}

/**
 * Checks an answer that is an error: exit code 1, one CNI error object on stdout that tells what to do, no stack trace.
 *
 * @param answer What came back.
 * @param code The code it must have.
 * @returns The error object.
 */
export function assertRefused(answer: PluginAnswer, code: number): Refusal {
  assertEquals(answer.code, 1, answer.stderr);
  assertOneObject(answer);
  const { json } = answer;
  assertEquals(json.code, code, answer.stdout);
  assertEquals(Object.keys(json), ["cniVersion", "code", "msg", "details"]);
  assert(typeof json.cniVersion === "string" && json.cniVersion !== "");
  assert(typeof json.msg === "string" && json.msg !== "");
  assert(typeof json.details === "string" && json.details !== "", "no advice");
  const all = `${json.msg}\n${json.details}\n${answer.stderr}`;
  assertNotMatch(
    all,
    /^ {4}at |file:\/\/|\bext:|Uncaught|undefined|\[object /m,
  );
  return json;
}

function assertOneObject({ stdout, json }: PluginAnswer): void {
  assert(typeof json === "object" && json !== null && !Array.isArray(json), `stdout: ${stdout}`);
  assertEquals(stdout, `${JSON.stringify(json)}\n`);
}

/** The addresses of a result, whatever its version, without prefix lengths. */
export function ipsOf(result: Json): readonly string[] {
  const entries = result.ips ?? [result.ip4, result.ip6].filter((entry) => entry !== undefined);
  return entries.map((entry: Json) => (entry.address ?? entry.ip).split("/")[0]);
}

/** A call for the attachment of a container, with what a runtime sends beside it. */
export function callFor(
  command: string,
  containerId: string,
  options: Partial<PluginCall> & Pick<PluginCall, "netconf">,
): PluginCall {
  return { command, containerId, ifName: "eth0", netns: "/run/netns/blue", ...options };
}

/** ADDs an attachment; returns its first address. */
export async function addressFor(
  sandbox: Sandbox,
  containerId: string,
  options: Partial<PluginCall> & Pick<PluginCall, "netconf">,
): Promise<string> {
  const answer = await sandbox.call(callFor("ADD", containerId, options));
  return ipsOf(assertResult(answer))[0] ?? "";
}

/**
 * Everything in the SQLite datastore of a sandbox; its invariants are checked.
 *
 * @param sandbox The sandbox.
 * @param spaces The address spaces that were used.
 * @returns The entries, in key order.
 */
export async function entriesIn(
  sandbox: Pick<Sandbox, "dataDir">,
  spaces: readonly string[] = ["default"],
): Promise<readonly Entry[]> {
  await using store = openSqlite(sandbox.dataDir);
  for (const space of spaces) await checkInvariants(store, space);
  return await allEntries(store);
}

/** The keys of a folder in the SQLite datastore, below `/kube-ipam/v1/default/`; the invariants are checked. */
export async function keysIn(
  sandbox: Pick<Sandbox, "dataDir">,
  ...folders: readonly string[]
): Promise<readonly string[]> {
  const root = "/kube-ipam/v1/default/";
  const keys = (await entriesIn(sandbox)).map(({ key }) => key.slice(root.length));
  return keys.filter((key) => folders.some((folder) => key.startsWith(`${folder}/`)));
}

/** The protocol versions that a rule is about. */
export const ALL_VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
