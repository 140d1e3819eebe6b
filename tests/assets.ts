/**
 * Finds, fetches or makes what the tests need and the machine lacks: etcd and kube-apiserver.
 *
 * @module
 */
import { prepareEtcd } from "./assets/etcd.ts";
import { prepareKubeApiserver } from "./assets/kube_apiserver.ts";

/**
 * Finds each program, or makes it. Tests that need one are listed as not run when that fails.
 *
 * @param say Takes each line of what was found, made or tried.
 */
export async function prepareAssets(say: (line: string) => void): Promise<void> {
  await prepareEtcd(say);
  await prepareKubeApiserver(say);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) await prepareAssets(print);
