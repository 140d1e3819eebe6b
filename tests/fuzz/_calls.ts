/**
 * Calls of the plugin with hostile input, in this process, and what must hold for each answer.
 *
 * @module
 */
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { CODES } from "../../lib/cni/errors.ts";
import { runPlugin } from "../../lib/plugin/main.ts";
import { randomBelow } from "../../lib/plugin/random.ts";
import type { Sandbox } from "../support/plugin.ts";
import { secretsIn } from "./_secrets.ts";

/** One call. */
export interface HostileCall {
  /** The variables; others are absent. */
  readonly env: Readonly<Record<string, string>>;
  /** Bytes and text as they are, a value as JSON. */
  readonly stdin: unknown;
}

/** What came back. */
export interface HostileAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the call wrote to the log file. */
  readonly log: string;
}

/** The deadline of a call, and what a busy machine may add. */
const LONGEST_MS = 10_000 + 10_000;
/** Far more than a message needs: what a hostile server sends is not handed on. */
const MAX_SHOWN = 65_536;
const OURS: readonly number[] = Object.values(CODES).filter((code) => code !== CODES.internal);

/** All verbs that need a netconf. */
export const VERBS = ["ADD", "DEL", "CHECK", "GC", "STATUS"] as const;

/** The variables of a good call. */
export function goodEnv(command: string, containerId = "c1"): Readonly<Record<string, string>> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: "eth0",
    CNI_NETNS: "/run/netns/blue",
    CNI_PATH: "/opt/cni/bin",
  };
}

/**
 * Calls the plugin, and checks all that holds whatever it is given.
 *
 * @param sandbox Whose log file and data directory are looked at.
 * @param call The call.
 * @returns The answer.
 */
export async function callHostile(sandbox: Sandbox, call: HostileCall): Promise<HostileAnswer> {
  const { env, stdin } = call;
  const bytes = bytesOf(stdin);
  await Deno.remove(sandbox.logFile).catch(() => {});
  const started = performance.now();
  let [stdout, stderr] = ["", ""];
  const code = await runPlugin({
    env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
    stdin: () => Promise.resolve(new TextDecoder().decode(bytes)),
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    now: Date.now,
    random: randomBelow,
  });
  // Not how fast it is: that it ends at all.
  assert(performance.now() - started < LONGEST_MS, "the call outlived its deadline");
  const log = await Deno.readTextFile(sandbox.logFile).catch(() => "");
  const answer = { code, stdout, stderr, log };
  checkAnswer(answer);
  await checkJournal(sandbox);
  return answer;
}

function bytesOf(stdin: unknown): Uint8Array {
  if (stdin instanceof Uint8Array) return stdin;
  return new TextEncoder().encode(typeof stdin === "string" ? stdin : JSON.stringify(stdin));
}

/**
 * Checks an answer: one object of ours or nothing, no trace, no secret, nothing endless.
 *
 * @param answer The answer.
 */
export function checkAnswer({ code, stdout, stderr, log }: HostileAnswer): void {
  const all = `${stdout}\n${stderr}\n${log}`;
  assertEquals(secretsIn(all), [], all.slice(0, 2_000));
  assertNotMatch(
    all,
    /(?:^|\\n|\n) {4}at |file:\/\/\/|\bext:\w+\/|Uncaught|TypeError|ReferenceError|URIError/,
  );
  assert(stdout.length < MAX_SHOWN, `${stdout.length} characters on stdout`);
  assert(log.length < 2 * MAX_SHOWN, `${log.length} characters in the log`);
  if (code === 0 && stdout === "") return;
  const json: unknown = JSON.parse(stdout);
  assert(typeof json === "object" && json !== null && !Array.isArray(json), stdout);
  assertEquals(stdout, `${JSON.stringify(json)}\n`);
  if (code === 0) return;
  assertEquals(code, 1);
  assertEquals(Object.keys(json), ["cniVersion", "code", "msg", "details"]);
  assert("code" in json && typeof json.code === "number" && OURS.includes(json.code), stdout);
}

/** The journal is read by whoever wants to know what is pending. */
async function checkJournal({ dataDir }: Sandbox): Promise<void> {
  for await (const text of textsBelow(`${dataDir}/pending`)) assertEquals(secretsIn(text), []);
}

async function* textsBelow(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
      if (isDirectory) yield* textsBelow(`${folder}/${name}`);
      if (isFile) yield name + await Deno.readTextFile(`${folder}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
