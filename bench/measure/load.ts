/**
 * Makes calls of plugins: one, or many at once.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import type { Caller } from "../caller.ts";
import type { Program } from "./libc.ts";
import type { Ended, RunOptions, Spawner } from "./spawn.ts";

/** A call that ended, and what it printed. */
export interface Answer extends Ended {
  readonly text: string;
  /** The addresses of its result. */
  readonly addresses: readonly string[];
}

/** Makes calls, with files for what they print. */
export interface Loader {
  readonly spawner: Spawner;
  /** A folder of its own. */
  readonly folder: string;
}

/** Which calls are made. */
export interface LoadOptions extends RunOptions {
  readonly verb: string;
  /** The numbers of the containers: the same one is always on the same node. */
  readonly containers: readonly number[];
}

/**
 * Calls a plugin.
 *
 * @param loader Makes the calls.
 * @param caller What is called.
 * @param options How often, and how many at once.
 * @returns The calls that were made, in the order of the containers.
 */
export async function load(
  { spawner, folder }: Loader,
  caller: Caller,
  { verb, containers, ...options }: LoadOptions,
): Promise<readonly Answer[]> {
  const programs = containers.map((container, slot) =>
    programOf(caller, { verb, container, files: `${folder}/${slot}` })
  );
  const ended = await spawner.run(programs, options);
  return await Promise.all(ended.map(async (one) => {
    const text = await Deno.readTextFile(programs[one.index]?.stdout ?? "");
    return { ...one, text, addresses: addressesOf(text) };
  }));
}

/**
 * One call, as a runtime makes it.
 *
 * @param caller What is called.
 * @param options The verb, the number of the container, and what the names of the files for its output begin with.
 * @returns What is started.
 */
export function programOf(
  { path, netconfs, args = "" }: Caller,
  options: { readonly verb: string; readonly container: number; readonly files: string },
): Program {
  const { verb, container, files } = options;
  return {
    path,
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: `bench-${container}`,
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/var/run/netns/bench",
      CNI_PATH: "/opt/cni/bin",
      CNI_ARGS: args,
    },
    stdin: netconfs[container % netconfs.length] ?? "/dev/null",
    stdout: `${files}.out`,
    stderr: `${files}.err`,
  };
}

/**
 * The addresses of a result, of any version.
 *
 * @param text What a plugin printed.
 * @returns The addresses, without prefix length; none when it is no result.
 */
export function addressesOf(text: string): readonly string[] {
  const result = parse(text);
  if (!isRecord(result)) return [];
  const listed = Array.isArray(result["ips"]) ? result["ips"] : [];
  const old = [result["ip4"], result["ip6"]];
  const written = [
    ...listed.map((one) => isRecord(one) ? one["address"] : undefined),
    ...old.map((one) => isRecord(one) ? one["ip"] : undefined),
  ];
  return written.filter((one) => typeof one === "string").map((one) => one.replace(/\/.*$/, ""));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
