/**
 * The environment variables of a call, read into one value.
 *
 * `CNI_PATH` is not asked for: it says where delegated plugins are, and an IPAM plugin has none.
 *
 * @see https://www.cni.dev/docs/spec/#parameters
 * @module
 */
import { show } from "./values.ts";
import { type CniArgs, parseArgs, readArgs } from "./args.ts";
import { CniError, CODES } from "./errors.ts";
import { checkContainerId, checkIfName } from "./identifiers.ts";

/** What the runtime asks for. */
export type Command = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

const COMMANDS: readonly Command[] = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"];

/** What tells one attachment of a network from every other on the same node. */
export interface AttachmentId {
  /** `CNI_CONTAINERID`. */
  readonly containerId: string;
  /** `CNI_IFNAME`. */
  readonly ifName: string;
}

/** One call, with what its command carries. */
export type Invocation =
  | {
    readonly command: "ADD" | "CHECK";
    readonly attachment: AttachmentId;
    readonly netns: string;
    readonly args: CniArgs;
  }
  | {
    readonly command: "DEL";
    readonly attachment: AttachmentId;
    /** Absent when the container is gone already. */
    readonly netns: string | undefined;
    readonly args: CniArgs;
  }
  | { readonly command: "GC" | "STATUS" | "VERSION" };

/** Looks one environment variable up. */
export type GetVariable = (name: string) => string | undefined;

/**
 * Reads the environment of a call.
 *
 * White space around the container ID and the interface name is trimmed. DEL leaves out of
 * `CNI_ARGS` what it cannot read instead of failing.
 *
 * @param get Looks one variable up; an empty value counts as absent.
 * @returns The call.
 * @throws {CniError} Code 4 if variables are missing (all of them are named), or if one is invalid.
 * @see https://www.cni.dev/docs/spec/#cni-operations
 *
 * @example A DEL without a network namespace
 * ```ts
 * import { parseEnvironment } from "./environment.ts";
 *
 * const env = new Map([["CNI_COMMAND", "DEL"], ["CNI_CONTAINERID", "c1"], ["CNI_IFNAME", "eth0"]]);
 * parseEnvironment((name) => env.get(name)).command; // "DEL"
 * ```
 */
export function parseEnvironment(get: GetVariable): Invocation {
  const command = parseCommand(get("CNI_COMMAND"));
  if (command === "GC" || command === "STATUS" || command === "VERSION") return { command };
  const containerId = (get("CNI_CONTAINERID") ?? "").trim();
  const ifName = (get("CNI_IFNAME") ?? "").trim();
  const netns = get("CNI_NETNS") ?? "";
  refuseMissing({
    "CNI_CONTAINERID": containerId === "",
    "CNI_NETNS": netns === "" && command !== "DEL",
    "CNI_IFNAME": ifName === "",
  });
  const attachment: AttachmentId = {
    containerId: checkContainerId(containerId),
    ifName: checkIfName(ifName),
  };
  const args = get("CNI_ARGS");
  if (command === "DEL") {
    // What ADD refused must not make the sandbox impossible to remove.
    const readable = readArgs(args).args;
    return { command, attachment, netns: netns === "" ? undefined : netns, args: readable };
  }
  return { command, attachment, netns, args: parseArgs(args) };
}

function parseCommand(text: string | undefined): Command {
  refuseMissing({ "CNI_COMMAND": text === undefined || text === "" });
  const command = COMMANDS.find((known) => known === text);
  if (command !== undefined) return command;
  throw new CniError(CODES.badEnvironment, "Unknown CNI_COMMAND", {
    details: `Cannot use CNI_COMMAND as it must be one of ${
      COMMANDS.join(", ")
    }: current value is ${show(text)}`,
  });
}

function refuseMissing(absent: Readonly<Record<string, boolean>>): void {
  const names = Object.keys(absent).filter((name) => absent[name]);
  if (names.length === 0) return;
  const noun = names.length === 1 ? "variable" : "variables";
  throw new CniError(
    CODES.badEnvironment,
    `Missing environment ${noun} ${names.join(", ")}`,
    { details: `Set ${names.join(", ")}: the CNI specification requires it for this command` },
  );
}
