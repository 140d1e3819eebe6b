/**
 * Network namespaces for tests, and the plugins that are executed in them.
 *
 * @module
 */
import { findCniPlugins } from "./needs.ts";
import { BINARY, pluginCommand } from "./plugin.ts";
import { run } from "./programs.ts";

/** A network namespace, gone when disposed of. */
export interface Netns extends AsyncDisposable {
  readonly path: string;
  /** Runs a program inside. */
  run(words: readonly string[]): Promise<string>;
}

/**
 * Makes a network namespace of a name of its own.
 *
 * @returns The namespace.
 */
export async function makeNetns(): Promise<Netns> {
  const name = `kube-ipam-${crypto.randomUUID().slice(0, 8)}`;
  await run(["ip", "netns", "add", name]);
  return {
    path: `/run/netns/${name}`,
    run: (words) => run(["ip", "netns", "exec", name, ...words]),
    [Symbol.asyncDispose]: async () => {
      await run(["ip", "netns", "del", name]);
    },
  };
}

/** A bridge, gone when disposed of. */
export interface Bridge extends AsyncDisposable {
  readonly name: string;
}

/**
 * Makes a bridge whose MAC address stays. Otherwise it changes with each port, and the CHECK of the
 * bridge plugin refuses what its own ADD answered.
 *
 * @returns The bridge.
 */
export async function makeBridge(): Promise<Bridge> {
  const name = `kib${crypto.randomUUID().slice(0, 8)}`;
  await run(["ip", "link", "add", name, "address", "0a:58:0a:01:00:01", "type", "bridge"]);
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await run(["ip", "link", "del", name]);
    },
  };
}

/** One execution of a CNI plugin that executes ours. */
export interface DelegatingCall {
  readonly plugin: string;
  readonly command: "ADD" | "CHECK" | "DEL";
  readonly containerId: string;
  readonly netns: string;
  /** CNI_ARGS. */
  readonly args?: string;
  readonly netconf: unknown;
}

/**
 * Makes the folders in which a CNI plugin finds ours and the reference plugins.
 *
 * @param root A folder of the test; ours goes to `bin` in it.
 * @returns The folders, as in CNI_PATH.
 */
export async function makeCniPath(root: string): Promise<string> {
  const bin = `${root}/bin`;
  await Deno.mkdir(bin);
  if (BINARY !== undefined) {
    await Deno.symlink(await Deno.realPath(BINARY), `${bin}/kube-ipam`);
  } else {
    const words = (await pluginCommand(root)).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const script = `#!/bin/sh\nexec ${words.join(" ")}\n`;
    await Deno.writeTextFile(`${bin}/kube-ipam`, script, { mode: 0o755 });
  }
  return `${bin}:${await findCniPlugins()}`;
}

/**
 * Executes a CNI plugin as a runtime does.
 *
 * @param call What is called.
 * @param cniPath Where it and ours are.
 * @returns Its answer: `undefined` when stdout is empty.
 * @throws {Error} If it fails: with what it printed.
 */
// deno-lint-ignore no-explicit-any
export async function execCni(call: DelegatingCall, cniPath: string): Promise<any> {
  const { plugin, command, containerId, netns, args, netconf } = call;
  const process = new Deno.Command(`${await findCniPlugins()}/${plugin}`, {
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: netns,
      CNI_IFNAME: "eth0",
      CNI_PATH: cniPath,
      ...(args === undefined ? {} : { CNI_ARGS: args }),
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(netconf)));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  if (!success) {
    throw new Error(`Cannot ${command} with ${plugin}: ${text}${decoder.decode(stderr)}`);
  }
  return text.trim() === "" ? undefined : JSON.parse(text);
}
