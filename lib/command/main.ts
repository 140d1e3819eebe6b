/**
 * What people get who run the plugin by hand. Each sub-command is accepted as a word and with one dash or two, as the documents show.
 *
 * @module
 */
import { VERSIONS } from "../cni/version.ts";
import { parseSampleKind, SAMPLE_KINDS, sampleNetconf } from "./outputconf.ts";
import { VERSION } from "./version.ts";

/** Exit code for words that are not understood. */
const USAGE = 2;

/**
 * Runs a sub-command.
 *
 * @param args The words after the program's name.
 * @returns The exit code.
 */
export function main(args: readonly string[]): number {
  const [word = "help", inline] = (args[0] ?? "help").replace(/^--?/, "").split("=", 2);
  switch (word) {
    case "version":
    case "V":
      return print(`kube-ipam ${VERSION}\nCNI versions: ${VERSIONS.join(", ")}`);
    case "help":
    case "h":
      return print(help());
    case "outputconf":
      return outputConf(inline ?? args[1]);
    default:
      return complain(`Unknown word "${args[0]}"`);
  }
}

function outputConf(kind = ""): number {
  try {
    return print(sampleNetconf(parseSampleKind(kind)));
  } catch (error) {
    if (error instanceof SyntaxError) return complain(error.message);
    throw error;
  }
}

function help(): string {
  return `kube-ipam ${VERSION}: a CNI IPAM plugin with fixed and random addresses, kept in etcd or SQLite

It is executed by a container runtime through a CNI plugin such as bridge, macvlan, ipvlan or calico, with
CNI_COMMAND in its environment and a network configuration on stdin. CNI versions: ${
    VERSIONS.join(", ")
  }.

Usage:
  kube-ipam version              print the version
  kube-ipam help                 print this text
  kube-ipam outputconf KIND      print a network configuration to begin with
                                 KIND: ${SAMPLE_KINDS.join(", ")}

Each word is also accepted as a flag: -version, --version, -outputconf macvlan, --outputconf=macvlan.

Try it by hand:
  kube-ipam outputconf bridge > /etc/cni/net.d/10-kube-ipam.conf
  CNI_COMMAND=VERSION kube-ipam < /dev/null`;
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return 0;
}

function complain(text: string): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\nTry: kube-ipam help\n`));
  return USAGE;
}
