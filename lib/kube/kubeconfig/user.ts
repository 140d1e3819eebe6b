/**
 * The user of a kubeconfig: with what it shows who it is. Pure.
 *
 * @module
 */
import { pathOf, type Section, textOf, unusable } from "./fields.ts";
import { fileOf, type Source, sourceOf } from "./source.ts";

/** The credentials of a user. */
export interface User {
  /** A client certificate with its key. */
  readonly pair: { readonly cert: Source; readonly key: Source } | undefined;
  /** A bearer token. */
  readonly token: Source | undefined;
}

const ALTERNATIVE = "Use a token, a tokenFile or a client certificate instead: " +
  'docs/annotations.md, "The kubeconfig"';

/** What kubectl knows and this program does not, with the reason. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  "exec": "is not supported: this program may start no other",
  "auth-provider": "is not supported: this program renews no login",
  "username": "is not supported: an API server takes no user and password",
  "password": "is not supported: an API server takes no user and password",
  "as": "is not supported: this program acts as nobody else",
  "as-uid": "is not supported: this program acts as nobody else",
  "as-groups": "is not supported: this program acts as nobody else",
  "as-user-extra": "is not supported: this program acts as nobody else",
};

/**
 * Reads a user.
 *
 * @param section The object `users[n].user`.
 * @returns Its credentials; none for one that is anonymous.
 * @throws {KubeError} If they cannot be used.
 */
export function userOf(section: Section): User {
  for (const [key, why] of Object.entries(UNSUPPORTED)) {
    const value = section.value[key];
    if (value === undefined || value === "") continue;
    throw unusable(section.file, `${pathOf(section, key)} ${why}`, ALTERNATIVE);
  }
  return { pair: pairOf(section), token: tokenOf(section) };
}

function pairOf(section: Section): User["pair"] {
  const cert = sourceOf(section, "client-certificate");
  const key = sourceOf(section, "client-key");
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const missing = cert === undefined ? "client-certificate" : "client-key";
  throw unusable(
    section.file,
    `${(cert ?? key)?.setting} stands there and ${pathOf(section, missing)} does not`,
    `Set ${missing} or ${missing}-data too`,
  );
}

/** The file wins: it is read anew in each call, so that a renewed token counts. */
function tokenOf(section: Section): Source | undefined {
  const text = textOf(section, "token");
  const file = fileOf(section, "tokenFile");
  if (file !== undefined || text === undefined) return file;
  return { kind: "text", setting: pathOf(section, "token"), text };
}
