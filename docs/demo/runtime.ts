/**
 * A very small container runtime: starts the plugin with CNI_* variables and a netconf on stdin.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { permissionFlags, readPermissions } from "../../deploy/permissions.ts";

/** One call of the plugin. */
export interface Call {
  readonly command: "ADD" | "DEL" | "CHECK" | "GC" | "STATUS";
  readonly containerId?: string;
  readonly args?: string;
  readonly netconf: Readonly<Record<string, unknown>>;
}

/** What the plugin answered. */
export interface Answer {
  readonly code: number;
  /** stdout as JSON; undefined for the verbs that print nothing. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** Starts the plugin; `dir` is what it may use beside its permission set. */
export async function callPlugin(call: Call, dir: string): Promise<Answer> {
  const { read, write, ...set } = await readPermissions("plugin");
  const flags = permissionFlags({
    ...set,
    read: [...listOf(read), dir],
    write: [...listOf(write), dir],
  });
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-check", ...flags, path("../../cli.ts")],
    env: variables(call),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdin = process.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(JSON.stringify(call.netconf)));
  await stdin.close();
  const { code, stdout } = await process.output();
  const text = new TextDecoder().decode(stdout);
  return { code, json: text === "" ? undefined : JSON.parse(text) };
}

/** The path of a file of this repository. */
export function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function variables({ command, containerId, args }: Call): Record<string, string> {
  const attachment = containerId === undefined ? {} : {
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: "eth0",
    CNI_NETNS: `/var/run/netns/${containerId}`,
  };
  return {
    CNI_COMMAND: command,
    ...attachment,
    ...(args === undefined ? {} : { CNI_ARGS: args }),
  };
}

function listOf(allowed: boolean | readonly string[] | undefined): readonly string[] {
  return Array.isArray(allowed) ? allowed : [];
}
