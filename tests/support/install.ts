/**
 * Certificate files where a plugin under test may read them.
 *
 * @module
 */
import type { Json } from "./answers.ts";
import type { TestEtcd } from "./etcd.ts";

/** Copies files to where the node's plugin may read them. */
export async function install(
  root: string,
  files: Readonly<Record<string, string | undefined>>,
): Promise<Json> {
  const copied = Object.entries(files).map(async ([setting, path]) => {
    const target = `${root}/${setting}.pem`;
    await Deno.copyFile(path ?? "", target);
    return [setting, target];
  });
  return Object.fromEntries(await Promise.all(copied));
}

/** The certificate settings of a node that etcd accepts. */
export function goodFiles(etcd: TestEtcd): Record<string, string | undefined> {
  return {
    etcdTrustedCAFile: etcd.pki?.caFile,
    etcdCertFile: etcd.client?.certFile,
    etcdKeyFile: etcd.client?.keyFile,
  };
}
