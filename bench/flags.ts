/**
 * The command line of `deno task bench`.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** Another plugin to measure beside this one. */
export interface PeerFlag {
  readonly name: string;
  readonly path: string;
  /** Its netconf; `${ETCD}` in it stands for the endpoints of the bench's etcd. */
  readonly conf: string;
}

/** What is asked for. */
export interface Flags {
  readonly quick: boolean;
  readonly help: boolean;
  /** Names of scenarios; undefined for all. */
  readonly only?: readonly string[];
  /** A folder. */
  readonly out: string;
  /** A compiled plugin to measure, instead of compiling one. */
  readonly binary?: string;
  /** A JSON file of a run to draw again, instead of measuring. */
  readonly from?: string;
  readonly peers: readonly PeerFlag[];
}

/** Thrown when the command line is not understood: the message is for whoever typed it. */
export class UsageError extends Error {
  /** Always `UsageError`. */
  override readonly name = "UsageError";
}

/** Where plots and figures go. */
export const OUT = "docs/performance";

/** What is printed for `--help`. */
export const HELP = `Usage: deno task bench [OPTION...]

Measures the compiled plugin beside an empty program, other CNI IPAM plugins and stand-ins, all in one
run and in turn. Prints tables in Markdown; writes figures as JSON and plots as SVG.

  --quick                      smaller and fewer: ends within two minutes
  --only NAME,NAME             only these scenarios: SCENARIOS
  --out FOLDER                 where figures and plots go (default ${OUT})
  --binary PATH                a compiled plugin, instead of compiling one
  --peer NAME=PATH,conf=FILE   another plugin and its netconf, in which \${ETCD} stands for the endpoints
                               of the etcd of the run; may be given more than once
  --from FILE                  draw the figures of an earlier run again
  --help                       print this text

etcd, kube-apiserver and host-local are found by themselves; what needs a missing one is left out.`;

/**
 * Reads the command line.
 *
 * @param args The words after the name of the task.
 * @param scenarios The names of all scenarios.
 * @returns What is asked for.
 * @throws {UsageError} If it is not understood.
 */
export function readFlags(args: readonly string[], scenarios: readonly string[]): Flags {
  const { quick, help, only, out, binary, from, peer = [] } = parsed(args);
  const names = only?.split(",");
  const unknown = names?.find((name) => !scenarios.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot use --only as there is no such scenario, only ${
        scenarios.join(", ")
      }: current value is "${unknown}"`,
    );
  }
  return {
    quick: quick === true,
    help: help === true,
    out: out ?? OUT,
    peers: peer.map(peerOf),
    ...(names === undefined ? {} : { only: names }),
    ...(binary === undefined ? {} : { binary }),
    ...(from === undefined ? {} : { from }),
  };
}

const OPTIONS = {
  quick: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  only: { type: "string" },
  out: { type: "string" },
  binary: { type: "string" },
  from: { type: "string" },
  peer: { type: "string", multiple: true },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

function parsed(args: readonly string[]): Values {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    const empty = Object.entries(values).find(([, value]) => value === "");
    if (empty === undefined) return values;
    throw new UsageError(`Cannot use --${empty[0]} as its value is empty`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function peerOf(text: string): PeerFlag {
  const { name, path, conf } = /^(?<name>[^=]+)=(?<path>.+),conf=(?<conf>.+)$/.exec(text)?.groups ??
    {};
  if (name !== undefined && path !== undefined && conf !== undefined) return { name, path, conf };
  throw new UsageError(
    `Cannot use --peer as it is to be NAME=PATH,conf=FILE: current value is "${text}"`,
  );
}
