/**
 * Where kube-apiserver comes from: the archive that Kubernetes publishes for tests, else its sources.
 *
 * @module
 */
import { findKubeApiserver } from "../support/assets.ts";
import { fromArchive } from "./kube_archive.ts";
import { fromSources } from "./kube_build.ts";
import { prepareAsset } from "./prepare.ts";

/**
 * Finds kube-apiserver, of whatever version, or fetches or builds it.
 *
 * @param say Takes each line of what was found, made or tried.
 */
export function prepareKubeApiserver(say: (line: string) => void): Promise<void> {
  return prepareAsset({
    name: "kube-apiserver",
    programs: ["kube-apiserver"],
    advice: "Install Go 1.21 or newer, or set KUBEBUILDER_ASSETS to a folder that holds it",
    find: findKubeApiserver,
    ways: [fromArchive, fromSources],
  }, say);
}
