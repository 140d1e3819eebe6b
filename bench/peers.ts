/**
 * Other plugins: host-local where it is found, and those that are named.
 *
 * @module
 */
import { findCniPlugins } from "../tests/support/needs.ts";
import type { PeerFlag } from "./flags.ts";
import type { Peer } from "./scenario.ts";

/** What stands for the endpoints of etcd in a peer's netconf. */
const ETCD = "${ETCD}";

/**
 * Finds the peers.
 *
 * @param named Those of the command line.
 * @param root A folder for their files.
 * @returns The peers.
 * @throws {Error} If a file of one cannot be read.
 */
export async function findPeers(
  named: readonly PeerFlag[],
  root: string,
): Promise<readonly Peer[]> {
  const folder = await findCniPlugins();
  const local = folder === undefined
    ? []
    : [peer("host-local", { root, path: `${folder}/host-local`, text: hostLocal(root) })];
  const others = await Promise.all(named.map(async ({ name, path, conf }) => {
    const text = await Deno.readTextFile(conf);
    JSON.parse(text.replaceAll(ETCD, ""));
    await Deno.stat(path);
    return peer(name, { root, path, text });
  }));
  return [...local, ...others];
}

function peer(
  name: string,
  { root, path, text }: { readonly root: string; readonly path: string; readonly text: string },
): Peer {
  return {
    name,
    path,
    caller: async ({ etcd }) => {
      if (etcd === undefined && text.includes(ETCD)) return undefined;
      const netconf = `${root}/peer-${name.replaceAll(/\W/g, "-")}.json`;
      await Deno.writeTextFile(netconf, text.replaceAll(ETCD, (etcd ?? []).join(",")));
      return { name, of: "peer", path, netconfs: [netconf] };
    },
  };
}

function hostLocal(root: string): string {
  return JSON.stringify({
    cniVersion: "0.4.0",
    name: "bench-host-local",
    type: "bridge",
    ipam: { type: "host-local", subnet: "10.189.0.0/16", dataDir: `${root}/host-local` },
  });
}
