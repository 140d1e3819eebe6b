/**
 * Reads a resolv.conf into the `dns` part of a result.
 *
 * @see https://man7.org/linux/man-pages/man5/resolv.conf.5.html
 * @module
 */
import type { Dns } from "./result.ts";

/**
 * Reads the text of a resolv.conf. It never fails: what it does not know it leaves out.
 *
 * Name servers and options of all lines count; of several `domain` or `search` lines the last one
 * does, as in the C library. Lines that begin with `#` or `;` are comments.
 *
 * @param text The whole file.
 * @returns Only what the file states.
 *
 * @example A small file
 * ```ts
 * import { parseResolvConf } from "./resolv_conf.ts";
 *
 * parseResolvConf("nameserver 192.0.2.53\n").nameservers; // ["192.0.2.53"]
 * ```
 */
export function parseResolvConf(text: string): Dns {
  const nameservers: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  let search: readonly string[] | undefined;
  for (const line of text.split("\n")) {
    const [keyword, first, ...rest] = line.trim().split(/\s+/);
    if (first === undefined) continue;
    // A comment needs no case of its own: neither "#" nor ";" begins a keyword.
    switch (keyword) {
      case "nameserver":
        nameservers.push(first);
        break;
      case "domain":
        domain = first;
        break;
      case "search":
        search = [first, ...rest];
        break;
      case "options":
        options.push(first, ...rest);
        break;
    }
  }
  return {
    ...(nameservers.length === 0 ? {} : { nameservers }),
    ...(domain === undefined ? {} : { domain }),
    ...(search === undefined ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
}
