/**
 * kube-apiserver from the archive that the controller tools of Kubernetes publish for envtest.
 *
 * @module
 */
import { runTool } from "./command.ts";
import { checkSum, download, goArch } from "./download.ts";

const VERSION = "1.33.0";
const TOOLS = "kubernetes-sigs/controller-tools";

/** Names every archive with its SHA-512. It is in the repository, the archives are beside it. */
const INDEX = `https://raw.githubusercontent.com/${TOOLS}/HEAD/envtest-releases.yaml`;
const RELEASE = `https://github.com/${TOOLS}/releases/download/envtest-v${VERSION}`;

/**
 * Fetches the archive.
 *
 * @param work An empty folder.
 * @returns The folder that kube-apiserver is in.
 * @throws {Error} If it cannot be had, or is not the one that is published.
 */
export async function fromArchive(work: string): Promise<string> {
  const name = `envtest-v${VERSION}-${Deno.build.os}-${goArch()}.tar.gz`;
  const index = new TextDecoder().decode(await download(INDEX));
  const sum = publishedSum(index, name);
  if (sum === undefined) throw new Error(`Cannot use ${name} as ${INDEX} has no sum of it`);
  const bytes = await download(`${RELEASE}/${name}`);
  await checkSum(bytes, { name, sum, algorithm: "SHA-512" });
  await Deno.writeFile(`${work}/envtest.tar.gz`, bytes);
  await runTool(["tar", "-xzf", `${work}/envtest.tar.gz`, "-C", work]);
  return `${work}/controller-tools/envtest`;
}

/**
 * Reads the sum of an archive in the index.
 *
 * @param index The index, YAML.
 * @param name The name of the archive.
 * @returns Its SHA-512 in hex; undefined if it is not there.
 */
export function publishedSum(index: string, name: string): string | undefined {
  const lines = index.split("\n").map((line) => line.trim());
  const entry = lines.indexOf(`${name}:`);
  if (entry < 0) return undefined;
  const [hash = ""] = lines.slice(entry + 1, entry + 3).filter((line) => line.startsWith("hash:"));
  return /^hash:\s*"?([0-9a-f]{128})"?$/.exec(hash)?.[1];
}
