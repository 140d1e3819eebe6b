/**
 * The cluster of a kubeconfig: where the API is, and how it is trusted. Pure.
 *
 * @module
 */
import { flagOf, pathOf, type Section, textOf, unusable } from "./fields.ts";
import { type Source, sourceOf } from "./source.ts";

/** A proxy on the way to the API. */
export interface Proxy {
  /** Its URL, without user and password. */
  readonly url: string;
  /** What it asks for; undefined for nothing. */
  readonly basicAuth: { readonly username: string; readonly password: string } | undefined;
}

/** Where the API is, and how it is trusted. */
export interface Cluster {
  /** Its URL with its path prefix, without a slash at the end. */
  readonly server: string;
  /** The certificates of its authority; undefined for those that the system knows. */
  readonly ca: Source | undefined;
  /** The name that its certificate must have; undefined for the host of its URL. */
  readonly serverName: string | undefined;
  /** Whether any certificate is taken. */
  readonly insecure: boolean;
  /** What is on the way. */
  readonly proxy: Proxy | undefined;
}

/** What kubectl takes, and Deno too. */
const PROXY_SCHEMES = ["http:", "https:", "socks5:"];

/**
 * Reads a cluster.
 *
 * @param section The object `clusters[n].cluster`.
 * @returns The cluster.
 * @throws {KubeError} If it cannot be used.
 */
export function clusterOf(section: Section): Cluster {
  const url = serverOf(section);
  const ca = sourceOf(section, "certificate-authority");
  const insecure = flagOf(section, "insecure-skip-tls-verify") && url.protocol === "https:";
  const serverName = textOf(section, "tls-server-name");
  const proxy = proxyOf(section);
  if (insecure && ca !== undefined) {
    const flag = pathOf(section, "insecure-skip-tls-verify");
    throw unusable(section.file, `${ca.setting} and ${flag} exclude one another`, `Remove ${flag}`);
  }
  const isNamed = url.protocol === "https:" && serverName !== undefined &&
    serverName.toLowerCase() !== url.hostname;
  if (proxy !== undefined && (insecure || isNamed)) {
    const key = insecure ? "insecure-skip-tls-verify" : "tls-server-name";
    throw unusable(
      section.file,
      `${pathOf(section, key)} is not supported together with proxy-url`,
      "Remove it, and name the API in server as its certificate does",
    );
  }
  return {
    server: url.origin + url.pathname.replace(/\/+$/, ""),
    ca,
    serverName: isNamed ? serverName : undefined,
    insecure,
    proxy,
  };
}

function serverOf(section: Section): URL {
  const text = textOf(section, "server");
  const path = pathOf(section, "server");
  const repair = `Set ${path} to the URL of the API, as https://10.0.0.1:6443`;
  if (text === undefined) throw unusable(section.file, `${path} is not set`, repair);
  const url = URL.parse(text);
  const seen = url === null ? "not a URL" : faultOf(url);
  if (url !== null && seen === undefined) return url;
  throw unusable(section.file, `${path} must be an http:// or https:// URL: it is ${seen}`, repair);
}

/** Shows nothing of the URL: it may hold a password. */
function faultOf(url: URL): string | undefined {
  if (url.protocol !== "https:" && url.protocol !== "http:") return "of another scheme";
  if (url.username !== "" || url.password !== "") return "one with a user or a password";
  if (url.search !== "" || url.hash !== "") return "one with a query or a fragment";
  return undefined;
}

function proxyOf(section: Section): Proxy | undefined {
  const text = textOf(section, "proxy-url");
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !PROXY_SCHEMES.includes(url.protocol)) {
    const path = pathOf(section, "proxy-url");
    throw unusable(
      section.file,
      `${path} must be an http://, https:// or socks5:// URL`,
      `Set ${path} to the URL of the proxy, as http://10.0.0.1:3128`,
    );
  }
  const { username, password } = url;
  url.username = "";
  url.password = "";
  return {
    url: url.href,
    basicAuth: username === "" && password === ""
      ? undefined
      : { username: unescaped(username), password: unescaped(password) },
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
