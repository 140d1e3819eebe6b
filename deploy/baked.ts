/**
 * What the plugin needs for one network and nothing else. Pure.
 *
 * What is listed here is what `lib/plugin`, `lib/datastore` and `lib/kube` open; tests compare it with
 * what Deno records of real calls.
 *
 * @module
 */
import { normalize } from "node:path/posix";
import type { Config } from "../lib/config/config.ts";
import type { Access } from "../lib/kube/kubeconfig/kubeconfig.ts";
import type { PermissionSet } from "../lib/command/permission_set.ts";

/** A network, as its configuration and its kubeconfig describe it. */
export interface Network {
  /** Its configuration. */
  readonly config: Config;
  /** How its Kubernetes API is reached; undefined where no pod is ever read. */
  readonly access: Access | undefined;
}

/** What cannot be baked, and what to do about it. */
export class BakeError extends Error {
  /** Always `BakeError`. */
  override readonly name = "BakeError";
}

/** A path, and the setting that it stands in. */
interface Place {
  readonly setting: string;
  readonly path: string;
}

/** The default port of each scheme that an API server or its proxy may have. */
const PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * Tells what the plugin needs for some networks.
 *
 * @param networks The networks.
 * @param base The set `plugin` of `deno.json`: the names of variables are the same for every network.
 * @returns Everything that one of them needs, each once, in a stable order.
 * @throws {BakeError} If Deno cannot be told a path, or would be told all of them.
 */
export function bake(networks: readonly Network[], base: PermissionSet): PermissionSet {
  const read = networks.flatMap((network) =>
    [
      ...foldersOf(network),
      ...logOf(network),
      ...filesOf(network),
    ].map(named(network))
  );
  const write = networks.flatMap((network) =>
    [
      ...foldersOf(network),
      ...logOf(network).flatMap(({ setting, path }) => [
        { setting, path },
        { setting, path: `${canonical(path)}.1` },
      ]),
    ].map(named(network))
  );
  return {
    env: base["env"] ?? [],
    sys: networks.some(({ config }) => config.nodeName === undefined) ? ["hostname"] : [],
    net: [...new Set(networks.flatMap(endpointsOf))].sort(),
    read: shortest(read.map(checked)),
    write: shortest(write.map(checked)),
  };
}

function named({ config: { network } }: Network): (place: Place) => Place {
  return ({ setting, path }) => ({ setting: `${setting} of network "${network}"`, path });
}

function foldersOf({ config: { dataDir, runDir } }: Network): readonly Place[] {
  return [
    { setting: "ipam.dataDir", path: dataDir },
    { setting: "ipam.runDir", path: runDir },
  ];
}

function logOf({ config: { log } }: Network): readonly Place[] {
  return [{ setting: "ipam.log.file", path: log.file }];
}

function filesOf({ config, access }: Network): readonly Place[] {
  return [
    place("ipam.resolvConf", config.resolvConf),
    etcdFilesOf(config),
    access === undefined ? [] : kubeFilesOf(access),
  ].flat();
}

function etcdFilesOf({ datastore }: Config): readonly Place[] {
  if (datastore.kind !== "etcd") return [];
  const { endpoints, certFile, keyFile, caFile, passwordFile } = datastore;
  const at = "ipam.etcdConfig";
  // Over plain HTTP they are never opened.
  const isSecure = endpoints.some((endpoint) => endpoint.startsWith("https:"));
  return [
    isSecure ? place(`${at}.etcdCertFile`, certFile) : [],
    isSecure ? place(`${at}.etcdKeyFile`, keyFile) : [],
    isSecure ? place(`${at}.etcdTrustedCAFile`, caFile) : [],
    place(`${at}.etcdPasswordFile`, passwordFile),
  ].flat();
}

function kubeFilesOf({ file, server, ca, pair, token }: Access): readonly Place[] {
  const isSecure = server.startsWith("https:");
  const sources = [ca, token, ...(isSecure ? [pair?.cert, pair?.key] : [])];
  return [
    ...place("ipam.kubeConfig", file),
    ...sources.flatMap((source) =>
      source?.kind === "file" ? place(`${source.setting} of ${file}`, source.path) : []
    ),
  ];
}

function place(setting: string, path: string | undefined): readonly Place[] {
  return path === undefined ? [] : [{ setting, path }];
}

function endpointsOf({ config: { datastore }, access }: Network): readonly string[] {
  const own = datastore.kind === "etcd" ? datastore.endpoints : [];
  return [
    ...own.map((endpoint) => endpoint.replace(/^\w+:\/\//, "")),
    ...(access === undefined ? [] : [placeOf(access.server, "server", access)]),
    ...(access?.proxy === undefined ? [] : [placeOf(access.proxy.url, "proxy-url", access)]),
  ];
}

function placeOf(text: string, key: string, { file }: Access): string {
  const url = new URL(text);
  const port = url.port || PORTS[url.protocol];
  if (port !== undefined) return `${url.hostname}:${port}`;
  throw new BakeError(
    `Cannot bake ${key} of the kubeconfig "${file}" as its port is missing: current value is ` +
      `"${url.protocol}//${url.hostname}"`,
  );
}

function checked({ setting, path }: Place): string {
  const wrong = path.includes(",")
    ? "Deno separates paths by commas" // Doubling it helps Deno 2.6, and is an error for 2.9.
    : canonical(path) === "/"
    ? "everything lies below it"
    : undefined;
  if (wrong === undefined) return canonical(path);
  throw new BakeError(
    `Cannot bake ${setting} as ${wrong}: current value is "${path}"`,
  );
}

function canonical(path: string): string {
  const normal = normalize(path);
  return normal === "/" ? normal : normal.replace(/\/$/, "");
}

/** Each path once, and none that lies below another: a permission holds for all below it. */
function shortest(paths: readonly string[]): readonly string[] {
  const all = [...new Set(paths)].sort();
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
}
