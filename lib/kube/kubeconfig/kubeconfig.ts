/**
 * From a parsed kubeconfig to how its API is reached: the current context, its cluster and its user. Pure.
 *
 * @see {@link https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/}
 * @module
 */
import { isRecord, show } from "../../cni/values.ts";
import { type Cluster, clusterOf } from "./cluster.ts";
import { listOf, type Section, sectionOf, textOf, typeNameOf, unusable } from "./fields.ts";
import { type User, userOf } from "./user.ts";

/** Names that a message lists. */
const SHOWN = 8;

/** How an API is reached. */
export interface Access extends Cluster, User {
  /** The path of the kubeconfig, for messages. */
  readonly file: string;
  /** What deserves a line in the log. */
  readonly warnings: readonly string[];
}

/**
 * Reads a kubeconfig.
 *
 * @param value What its YAML or JSON says.
 * @param file Its path: for messages, and for the relative paths in it.
 * @returns How the API of its current context is reached.
 * @throws {KubeError} `misconfigured`, with the path inside the file and the repair.
 */
export function readAccess(value: unknown, file: string): Access {
  const top = topOf(value, file);
  const current = textOf(top, "current-context");
  const contexts = listOf(top, "contexts");
  if (current === undefined) {
    const repair = `Set current-context to one of ${namesOf(contexts)}`;
    throw unusable(file, "current-context is not set", repair);
  }
  const by = "current-context";
  const named = find(contexts, { file, name: current, list: "contexts", by });
  const context = sectionOf(named, "context");
  const cluster = clusterOf(sectionOf(referred(top, context, "cluster"), "cluster"));
  const user = userOf(sectionOf(referred(top, context, "user"), "user"));
  return { ...cluster, ...user, file, warnings: warningsOf({ ...cluster, ...user }, file) };
}

function topOf(value: unknown, file: string): Section {
  const repair = "Install the kubeconfig of a user that may read pods: " +
    'docs/annotations.md, "The kubeconfig"';
  if (value === undefined || value === null) throw unusable(file, "it is empty", repair);
  if (!isRecord(value)) {
    throw unusable(file, `it must be an object: current value is ${typeNameOf(value)}`, repair);
  }
  const top = { file, at: "", value };
  const kind = textOf(top, "kind") ?? "Config";
  const version = textOf(top, "apiVersion") ?? "v1";
  if (kind === "Config" && version === "v1") return top;
  throw unusable(
    file,
    `it must be of kind Config, v1: current value is ${kind}, ${version}`,
    repair,
  );
}

/** The entry of `clusters` or `users` that a context names. */
function referred(top: Section, context: Section, key: "cluster" | "user"): Section {
  const name = textOf(context, key);
  const list = `${key}s`;
  const entries = listOf(top, list);
  const by = `${context.at}.${key}`;
  if (name === undefined) {
    throw unusable(top.file, `${by} is not set`, `Set ${by} to one of ${namesOf(entries)}`);
  }
  return find(entries, { file: top.file, name, list, by });
}

/** What is looked for: the entry `name` of `list`, which the field `by` names. */
interface Wanted {
  readonly file: string;
  readonly name: string;
  readonly list: string;
  readonly by: string;
}

function find(entries: readonly Section[], wanted: Wanted): Section {
  const { file, name, list, by } = wanted;
  const [entry, second] = entries.filter(({ value }) => value["name"] === name);
  if (entry === undefined) {
    const why = `${by} names ${show(name)} and ${list} has none of this name`;
    throw unusable(file, why, `Set ${by} to one of ${namesOf(entries)}`);
  }
  if (second === undefined) return entry;
  throw unusable(
    file,
    `${by} names ${show(name)} and ${list} has two of this name`,
    `Remove ${entry.at} or ${second.at}`,
  );
}

function namesOf(entries: readonly Section[]): string {
  const names = entries.map(({ value }) => value["name"]).filter((name) =>
    typeof name === "string"
  );
  if (names.length === 0) return "those that you add: there is none";
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : "";
  return names.slice(0, SHOWN).map(show).join(", ") + more;
}

function warningsOf(access: Cluster & User, file: string): readonly string[] {
  const { insecure, server, pair, token } = access;
  if (insecure) {
    return [
      `insecure-skip-tls-verify is set in the kubeconfig "${file}": whoever stands between this node ` +
      `and ${server} can answer in its place and take the token`,
    ];
  }
  if (server.startsWith("https:") || (pair === undefined && token === undefined)) return [];
  return [
    `server of the kubeconfig "${file}" is an http:// URL: ` +
    (token === undefined
      ? "the client certificate is not used"
      : "whoever listens on the way reads the token"),
  ];
}
