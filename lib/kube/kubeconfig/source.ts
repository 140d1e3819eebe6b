/**
 * Where a certificate, a key or a token of a kubeconfig stands: in it, or in a file that it names. Pure.
 *
 * @module
 */
import { pathOf, type Section, textOf, unusable } from "./fields.ts";

/** A text, or the file that holds it. */
export type Source =
  | { readonly kind: "text"; readonly setting: string; readonly text: string }
  | { readonly kind: "file"; readonly setting: string; readonly path: string };

/**
 * Reads a pair of fields such as `client-key-data` and `client-key`: the data wins, as in kubectl.
 *
 * @param section The object that holds them.
 * @param key The name of the one for a file.
 * @returns Where the text stands; undefined where both are absent.
 * @throws {KubeError} If the data is not base64.
 */
export function sourceOf(section: Section, key: string): Source | undefined {
  const data = textOf(section, `${key}-data`);
  return data === undefined ? fileOf(section, key) : decoded(section, `${key}-data`, data);
}

/**
 * Reads a field that names a file: from the folder of the kubeconfig, where it is relative.
 *
 * @param section The object that holds it.
 * @param key Its name.
 * @returns The file; undefined where the field is absent.
 */
export function fileOf(section: Section, key: string): Source | undefined {
  const path = textOf(section, key);
  if (path === undefined) return undefined;
  const folder = section.file.slice(0, section.file.lastIndexOf("/") + 1);
  return {
    kind: "file",
    setting: pathOf(section, key),
    path: path.startsWith("/") ? path : folder + path,
  };
}

function decoded(section: Section, key: string, data: string): Source {
  const setting = pathOf(section, key);
  try {
    return { kind: "text", setting, text: atob(data) };
  } catch {
    throw unusable(
      section.file,
      `${setting} is not base64`,
      `Set ${setting} to the base64 of a PEM file, as base64 -w0 FILE prints it`,
    );
  }
}
