/**
 * What people get who run the plugin by hand. Each sub-command is accepted as a word and with one dash or two, as the documents show.
 *
 * @module
 */
import { VERSIONS } from "../cni/version.ts";
import { nearest } from "../config/nearest.ts";
import { type Io, processIo } from "../plugin/io.ts";
import { tell, tellError } from "./errors.ts";
import { asksHelp, UsageError } from "./flags.ts";
import { list, LIST_HELP } from "./list.ts";
import { parseSampleKind, SAMPLE_KINDS, sampleNetconf } from "./outputconf.ts";
import { printVersion, VERSION_HELP } from "./print_version.ts";
import { RECONCILE_HELP } from "./reconcile/help.ts";
import { release, RELEASE_HELP } from "./release.ts";
import { replay, REPLAY_HELP } from "./replay.ts";
import { VERSION } from "./version.ts";

/** Exit code for words that are not understood. */
const USAGE = 2;

const COMMANDS = ["version", "help", "list", "release", "reconcile", "replay", "outputconf"];

/**
 * Runs a sub-command.
 *
 * @param args The words after the program's name.
 * @param io The process.
 * @returns The exit code.
 */
export async function main(args: readonly string[], io: Io = processIo()): Promise<number> {
  const [word = "help", inline] = (args[0] ?? "help").replace(/^--?/, "").split("=", 2);
  const rest = args.slice(1);
  try {
    return await run(word, { inline, rest, io });
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 1; // nobody reads any more
    if (error instanceof UsageError) {
      tell(io, `${error.message}\nTry: kube-ipam ${helpOf(word)}`);
      return USAGE;
    }
    tellError(io, error);
    return 1;
  }
}

interface Words {
  /** What follows the sub-command after an equals sign. */
  readonly inline: string | undefined;
  /** The words after it. */
  readonly rest: readonly string[];
  readonly io: Io;
}

async function run(word: string, { inline, rest, io }: Words): Promise<number> {
  switch (word) {
    case "version":
    case "V":
      return asksHelp(rest) ? print(io, VERSION_HELP) : printVersion(rest, io);
    case "help":
    case "h":
      return print(io, helpText(rest[0]));
    case "list":
      return asksHelp(rest) ? print(io, LIST_HELP) : await list(rest, io);
    case "release":
      return asksHelp(rest) ? print(io, RELEASE_HELP) : await release(rest, io);
    case "replay":
      return asksHelp(rest) ? print(io, REPLAY_HELP) : await replay(rest, io);
    case "reconcile": {
      if (asksHelp(rest)) return print(io, RECONCILE_HELP);
      const { runReconcile } = await import("./reconcile/command.ts");
      return await runReconcile(rest, io);
    }
    case "outputconf":
      return asksHelp(rest) ? print(io, HELP) : print(io, sampleOf(inline ?? rest[0]));
    default: {
      const near = nearest(word, COMMANDS);
      throw new UsageError(
        `Unknown word "${word}"${near === undefined ? "" : `: did you mean "${near}"?`}`,
      );
    }
  }
}

function sampleOf(kind = ""): string {
  try {
    return sampleNetconf(parseSampleKind(kind));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

const HELP =
  `kube-ipam ${VERSION}: a CNI IPAM plugin with fixed and random addresses, kept in etcd or SQLite

It is executed by a container runtime through a CNI plugin such as bridge, macvlan, ipvlan or calico, with
CNI_COMMAND in its environment and a network configuration on stdin. CNI versions: ${
    VERSIONS.join(", ")
  }.

Usage:
  kube-ipam version              print version, commit, target and permissions
  kube-ipam help [COMMAND]       print this text, or that of a command
  kube-ipam list --conf FILE     print every recorded address
  kube-ipam release --conf FILE ADDRESS...
                                 free addresses that are retained or cool down
  kube-ipam reconcile --conf FILE
                                 free what belongs to pods and containers that are gone
  kube-ipam replay               make up for releases that this node owes after an outage
  kube-ipam outputconf KIND      print a network configuration to begin with
                                 KIND: ${SAMPLE_KINDS.join(", ")}

Each command but outputconf has more flags: kube-ipam list --help.
Each word is also accepted as a flag: -version, --version, -outputconf macvlan, --outputconf=macvlan.

Try it by hand:
  kube-ipam outputconf bridge > /etc/cni/net.d/10-kube-ipam.conf
  CNI_COMMAND=VERSION kube-ipam < /dev/null`;

/** The sub-commands that have a text of their own. */
const HELP_TEXTS: ReadonlyMap<string, string> = new Map([
  ["list", LIST_HELP],
  ["release", RELEASE_HELP],
  ["reconcile", RECONCILE_HELP],
  ["replay", REPLAY_HELP],
  ["version", VERSION_HELP],
]);

function helpText(word = ""): string {
  return HELP_TEXTS.get(word) ?? HELP;
}

function helpOf(word: string): string {
  return HELP_TEXTS.has(word) ? `${word} --help` : "help";
}

function print(io: Io, text: string): number {
  io.stdout(`${text}\n`);
  return 0;
}
