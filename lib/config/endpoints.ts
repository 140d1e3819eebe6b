/**
 * The endpoints of etcd.
 *
 * Read by hand and not by `URL`, which hides a port that is the default of its scheme and repairs
 * what should be told.
 *
 * @module
 */
import { formatAddr, parseAddr } from "../net/addr.ts";
import { reasonOf, type Report } from "./mistakes.ts";

/** Options of {@linkcode readEndpoints}. */
export interface ReadEndpointsOptions {
  /** Where it stands in the netconf. */
  readonly path: string;
  /** Where mistakes go. */
  readonly report: Report;
  /** Certificate files are given: an endpoint without a scheme is https. */
  readonly hasFiles: boolean;
  /** A user is given. */
  readonly hasPassword: boolean;
  /** An unknown key beside that probably means this one. */
  readonly misspelt: string | undefined;
}

interface Endpoint {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: string;
}

const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?([^/?#]*)(\/?)(.*)$/s;
const HOST_PORT = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/;
const HOST_NAME = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*\.?$/;
const ETCD_PORT = "2379";

/**
 * Reads `etcdURL`.
 *
 * @param value A comma list, or an array of URLs.
 * @param options Where it stands, what stands beside it, and where mistakes go.
 * @returns `scheme://host:port` of each endpoint, every one once, in order.
 */
export function readEndpoints(value: unknown, options: ReadEndpointsOptions): string[] {
  const { path, report, hasFiles, hasPassword } = options;
  const texts = readTexts(value, options);
  if (texts === undefined) return [];
  const bare: string[] = [];
  const endpoints = texts.flatMap((text): Endpoint[] => {
    const read = readEndpoint(text, hasFiles);
    if ("wrong" in read) {
      report.mistakes.push({
        path,
        what: `${JSON.stringify(text)} ${read.wrong}`,
        repair: read.repair,
      });
      return [];
    }
    if (!text.includes("://")) bare.push(`${read.scheme}://${read.host}:${read.port}`);
    return [read];
  });
  if (bare.length > 0) {
    report.warnings.push({
      path,
      what: "the scheme is missing",
      repair: `${bare.join(",")} is used`,
    });
  }
  const schemes = new Set(endpoints.map(({ scheme }) => scheme));
  if (schemes.size > 1) {
    report.mistakes.push({
      path,
      what: "http and https are mixed",
      repair: "Write the same scheme for every endpoint",
    });
  } else if (schemes.has("http") && (hasFiles || hasPassword)) {
    report.warnings.push({
      path,
      what: hasFiles ? "the certificate files are not used over http" : "a password goes over http",
      repair: "Write https",
    });
  }
  return [...new Set(endpoints.map(({ scheme, host, port }) => `${scheme}://${host}:${port}`))];
}

function readTexts(value: unknown, options: ReadEndpointsOptions): string[] | undefined {
  const { path, report, misspelt } = options;
  const list = typeof value === "string" ? [value] : value;
  const isMissing = list === undefined || list === null;
  if (!isMissing && !(Array.isArray(list) && list.every((one) => typeof one === "string"))) {
    report.mistakes.push({
      path,
      what: "is neither a text nor a list of texts",
      repair: 'Write "https://192.168.1.50:2379,https://192.168.1.58:2379"',
    });
    return undefined;
  }
  const parts = (isMissing ? [] : list).flatMap((text: string) => text.split(","))
    .map((text: string) => text.trim()).filter((text: string) => text !== "");
  if (parts.some((part) => part.includes("@"))) {
    // Not shown: a part of it is probably a password.
    report.mistakes.push({
      path,
      what: "holds a user name or a password",
      repair: "Write them as etcdUsername and etcdPasswordFile",
    });
    return undefined;
  }
  if (parts.length > 0) return parts;
  report.mistakes.push({
    path,
    what: isMissing ? "is missing" : "is empty",
    repair: misspelt === undefined
      ? 'Write "https://192.168.1.50:2379"'
      : `Rename "${misspelt}": did you mean "etcdURL"?`,
  });
  return undefined;
}

type Wrong = { readonly wrong: string; readonly repair: string };

function readEndpoint(text: string, hasFiles: boolean): Endpoint | Wrong {
  const [, written, authority = "", , rest = ""] = URL_PARTS.exec(text) ?? [];
  const scheme = (written ?? (hasFiles ? "https" : "http")).toLowerCase();
  const repair = 'Write "https://host:2379"';
  if (scheme !== "http" && scheme !== "https") {
    return { wrong: `has the scheme ${scheme}`, repair: "Write http:// or https://" };
  }
  if (rest !== "") return { wrong: "has more than scheme, host and port", repair };
  const found = HOST_PORT.exec(authority);
  if (found === null) {
    const isBareIpv6 = authority.split(":").length > 2;
    return {
      wrong: isBareIpv6 ? "has an IPv6 address without brackets" : "has no host and port",
      repair: isBareIpv6 ? 'Write "https://[2001:db8::1]:2379"' : repair,
    };
  }
  const [, ipv6, name = "", port = ETCD_PORT] = found;
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535) {
    return { wrong: `has the port "${port}"`, repair: "Write a port from 1 to 65535" };
  }
  const host = readHost(ipv6, name.toLowerCase());
  return "wrong" in host ? host : { scheme, host: host.host, port };
}

function readHost(ipv6: string | undefined, name: string): { readonly host: string } | Wrong {
  try {
    if (ipv6 !== undefined) {
      const addr = parseAddr(ipv6);
      if (addr.family === 6) return { host: `[${formatAddr(addr)}]` };
      return { wrong: "has brackets around an IPv4 address", repair: "Remove the brackets" };
    }
    if (/^[\d.]+$/.test(name)) return { host: formatAddr(parseAddr(name)) };
  } catch (error) {
    return {
      wrong: `has no valid host (${reasonOf(error)})`,
      repair: "Write a host or an address",
    };
  }
  if (HOST_NAME.test(name) && name.length <= 253) return { host: name };
  return { wrong: `has the host "${name}"`, repair: "Write a host name or an address" };
}
