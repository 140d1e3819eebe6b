/**
 * A node that owes releases, as its etcd was stopped when DEL was called.
 *
 * @module
 */
import { main } from "../../lib/command/main.ts";
import { addressFor, assertSilent, callFor, type Json } from "../support/answers.ts";
import { startEtcd, type TestEtcd, type TestEtcdOptions } from "../support/etcd.ts";
import { entriesOf, makeNode, type NodeOptions, type TestNode } from "./_node.ts";

/** A node, and what it holds and owes. */
export interface Owing extends AsyncDisposable {
  /** It is stopped. */
  readonly etcd: TestEtcd;
  readonly node: TestNode;
  readonly netconf: Json;
  /** The addresses of the containers, in order. */
  readonly ips: readonly string[];
  /** The files of what is owed, in order. */
  readonly files: readonly string[];
}

/** What a node is to hold and owe. */
export interface OwingOptions {
  /** Containers that get an address. */
  readonly held: readonly string[];
  /** Those of them that are deleted while etcd is stopped. */
  readonly owed: readonly string[];
  readonly etcd?: TestEtcdOptions;
  readonly node?: NodeOptions;
  /** Merged into `ipam`. */
  readonly ipam?: Json;
  /** Merged into the netconf. */
  readonly top?: Json;
}

/** Makes a node that owes releases. */
export async function makeOwing(options: OwingOptions): Promise<Owing> {
  const { held, owed, ipam, top } = options;
  await using stack = new globalThis.AsyncDisposableStack();
  const etcd = stack.use(await startEtcd(options.etcd));
  const node = stack.use(await makeNode(etcd, options.node));
  const netconf = node.netconf(ipam, top);
  const ips: string[] = [];
  for (const id of held) ips.push(await addressFor(node, id, { netconf }));
  await etcd.stop();
  for (const id of owed) assertSilent(await node.call(callFor("DEL", id, { netconf })));
  const files = await owedBy(node);
  const moved = stack.move();
  return { etcd, node, netconf, ips, files, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** The files of what a node owes, whole ones and others. */
export async function owedBy({ dataDir }: TestNode): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(`${folder}/${name}`);
      else found.push(`${folder}/${name}`);
    }
  };
  await walk(`${dataDir}/pending`).catch(() => {});
  return found.sort();
}

/** The containers that hold something. */
export async function heldIn(etcd: TestEtcd): Promise<readonly string[]> {
  const entries = await entriesOf(etcd);
  return entries.filter(({ key }) => key.includes("/attachments/"))
    .map(({ key }) => key.split("/").at(-2) ?? "");
}

/** How the last call of a node ended. */
export async function lastOutcome(node: TestNode): Promise<string> {
  return (await node.log()).at(-1).outcome;
}

/** What a sub-command did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a sub-command in this process. */
export async function run(...args: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await main(args, {
    env: () => undefined,
    stdin: () => Promise.resolve(""),
    stdout: (text) => out += text,
    stderr: (text) => err += text,
    now: Date.now,
    random: (below) => below - 1n,
  });
  return { code, out, err };
}
