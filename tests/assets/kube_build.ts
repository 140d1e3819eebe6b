/**
 * kube-apiserver from its Go module, which reaches where releases do not.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { runTool } from "./command.ts";

const MODULE = fileURLToPath(new URL("../kube-apiserver/", import.meta.url));
const PACKAGE = "k8s.io/kubernetes/cmd/kube-apiserver";
const STAMPED = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
/** Go takes care of newer versions of itself since this one. */
const OLDEST_GO = 21;
const BUILD_MS = 20 * 60_000;

/**
 * Builds it, as the go.mod in `tests/kube-apiserver` says; go.sum holds what was checked.
 *
 * @param work An empty folder.
 * @param say Takes a line before the build.
 * @returns The folder that kube-apiserver is in.
 * @throws {Error} If there is no Go, or the build fails or does not end.
 */
export async function fromSources(work: string, say: (line: string) => void): Promise<string> {
  await checkGo();
  const version = versionOf(await Deno.readTextFile(`${MODULE}/go.mod`));
  say(`building ${PACKAGE} ${version}, some minutes, once`);
  await runTool([
    "go",
    "build",
    ...["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", `-s -w ${stamps(version)}`],
    ...["-o", `${work}/kube-apiserver`, PACKAGE],
  ], { cwd: MODULE, env: { CGO_ENABLED: "0", GOWORK: "off" }, timeoutMs: BUILD_MS });
  return work;
}

async function checkGo(): Promise<void> {
  const found = await runTool(["go", "env", "GOVERSION"]).catch(() => undefined);
  if (found === undefined) throw new Error("Cannot build it as there is no Go in PATH");
  const minor = /^go1\.(\d+)/.exec(found.trim())?.[1];
  if (minor === undefined || Number(minor) >= OLDEST_GO) return;
  throw new Error(
    `Cannot build it as Go must be 1.${OLDEST_GO} or newer: current value is ${found.trim()}`,
  );
}

function versionOf(goMod: string): string {
  const found = /k8s\.io\/kubernetes (v\S+)/.exec(goMod)?.[1];
  if (found === undefined) throw new Error("Cannot build it as go.mod does not name its version");
  return found;
}

/** What `kube-apiserver --version` and the API's `/version` say. */
function stamps(version: string): string {
  const [major, minor] = version.slice(1).split(".");
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  return STAMPED.flatMap((name) =>
    Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`)
  ).join(" ");
}
