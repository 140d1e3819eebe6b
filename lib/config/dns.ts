/**
 * DNS settings of the netconf and of the runtime.
 *
 * @module
 */
import { parseAddr } from "../net/addr.ts";
import type { Dns } from "../cni/result.ts";
import { reasonOf, type Report } from "./mistakes.ts";
import type { RawIpam, RawRuntime } from "./shape.ts";

/** Options of {@linkcode readDns}. */
export interface ReadDnsOptions {
  /** `runtimeConfig.dns`. */
  readonly runtime: RawRuntime["dns"];
  /** Where mistakes go. */
  readonly report: Report;
}

/**
 * Reads the DNS settings.
 *
 * @param inline `ipam.dns`.
 * @param options What the runtime wants, which wins key by key, and where mistakes go.
 * @returns The keys that are set; `undefined` when none is. An empty list counts as absent.
 */
export function readDns(inline: RawIpam["dns"], options: ReadDnsOptions): Dns | undefined {
  const { runtime, report } = options;
  const servers = filled(runtime?.nameservers) ?? filled(runtime?.servers);
  const path = filled(runtime?.nameservers) === undefined ? "servers" : "nameservers";
  checkServers(servers, { path: `runtimeConfig.dns.${path}`, report });
  checkServers(inline?.nameservers, { path: "ipam.dns.nameservers", report });
  const nameservers = servers ?? filled(inline?.nameservers);
  const domain = filledText(runtime?.domain) ?? filledText(inline?.domain);
  const search = filled(runtime?.search) ?? filled(runtime?.searches) ?? filled(inline?.search);
  const resolverOptions = filled(runtime?.options) ?? filled(inline?.options);
  const dns: Dns = {
    ...(nameservers === undefined ? {} : { nameservers }),
    ...(domain === undefined ? {} : { domain }),
    ...(search === undefined ? {} : { search }),
    ...(resolverOptions === undefined ? {} : { options: resolverOptions }),
  };
  return Object.keys(dns).length === 0 ? undefined : dns;
}

function filled(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function filledText(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function checkServers(
  servers: readonly string[] | undefined,
  { path, report }: { readonly path: string; readonly report: Report },
): void {
  servers?.forEach((text, index) => {
    try {
      parseAddr(text);
    } catch (error) {
      report.mistakes.push({
        path: `${path}[${index}]`,
        what: reasonOf(error),
        repair: "Write the address of a name server",
      });
    }
  });
}
