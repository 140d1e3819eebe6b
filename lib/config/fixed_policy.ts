/**
 * `ipam.fixedPolicy`: who may claim which fixed addresses.
 *
 * Nothing that is wrong here may widen a rule: a rule with a mistake is left out, and a misspelt key
 * that would have narrowed something is a mistake where elsewhere it is a warning.
 *
 * @module
 */
import { clipIntervals } from "../net/interval.ts";
import { type AddrRange, formatRange, parseRange } from "../net/range.ts";
import type { PolicyRule, RangeSet } from "./config.ts";
import { reasonOf, type Report } from "./mistakes.ts";
import type { RawIpam, RawRule } from "./shape.ts";
import type { UnknownKey } from "./read_shape.ts";

// Kubernetes names namespaces by RFC 1123 labels, service accounts by subdomains.
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** Options of {@linkcode readFixedPolicy}. */
export interface ReadFixedPolicyOptions {
  /** The range sets: a rule that speaks of none of their fixed addresses is told. */
  readonly sets: readonly RangeSet[];
  /** The keys that nobody reads. */
  readonly unknown: readonly UnknownKey[];
  /** Where mistakes go. */
  readonly report: Report;
}

/**
 * Reads the rules.
 *
 * @param rules As they are written, or `undefined`.
 * @param options The range sets, the unknown keys, and where mistakes go.
 * @returns The rules without mistakes, in their order; `undefined` when there is no policy.
 */
export function readFixedPolicy(
  rules: RawIpam["fixedPolicy"],
  options: ReadFixedPolicyOptions,
): readonly PolicyRule[] | undefined {
  if (rules === undefined) {
    refuseMisspelt("fixedPolicy", { ...options, path: "ipam" });
    return undefined;
  }
  return rules.flatMap((raw, index) =>
    readRule(raw, { ...options, path: `ipam.fixedPolicy[${index}]` }) ?? []
  );
}

interface At extends ReadFixedPolicyOptions {
  readonly path: string;
}

function readRule(raw: RawRule, at: At): PolicyRule | undefined {
  const { path, report } = at;
  const { ranges, serviceAccounts: accounts } = raw;
  const addresses = [
    ...readAddresses(ranges, { ...at, path: `${path}.ranges` }),
    ...readAddresses(raw.addresses, { ...at, path: `${path}.addresses` }),
  ];
  if (addresses.length === 0) {
    const repair = 'Write addresses, prefixes or "first-last"';
    tellNone(["addresses", "ranges"], { ...at, raw, repair });
  }
  const namespaces = readNames(raw.namespaces ?? [], {
    ...at,
    path: `${path}.namespaces`,
    isName: (text) => text === "*" || LABEL.test(text),
    repair: 'Write the name of a namespace, or "*" for all',
  });
  if (namespaces.length === 0) {
    const repair = 'Write the names of namespaces, or ["*"] for all';
    tellNone(["namespaces"], { ...at, raw, repair });
  }
  const serviceAccounts = accounts && readNames(accounts, {
    ...at,
    path: `${path}.serviceAccounts`,
    isName: (text) => SUBDOMAIN.test(text),
    repair: "Write the name of a service account alone, or leave serviceAccounts out for all",
  });
  if (serviceAccounts === undefined) refuseMisspelt("serviceAccounts", at);
  else if (serviceAccounts.length === 0) {
    const repair = "Write the names of service accounts, or leave it out for all";
    tellNone(["serviceAccounts"], { ...at, raw, repair });
  }
  if (isTold(path, report)) return undefined;
  warnOutside(addresses, at);
  return { path, addresses, namespaces, serviceAccounts };
}

function readAddresses(list: readonly string[] | undefined, { path, report }: At): AddrRange[] {
  return (list ?? []).flatMap((text, index) => {
    try {
      return [parseRange(text)];
    } catch (error) {
      report.mistakes.push({
        path: `${path}[${index}]`,
        what: reasonOf(error),
        repair: 'Write an address, a prefix or "first-last"',
      });
      return [];
    }
  });
}

interface ReadNamesOptions extends At {
  readonly isName: (text: string) => boolean;
  readonly repair: string;
}

function readNames(list: readonly string[], options: ReadNamesOptions): readonly string[] {
  const { path, report, isName, repair } = options;
  return list.filter((text, index) => {
    if (isName(text)) return true;
    report.mistakes.push({
      path: `${path}[${index}]`,
      what: `${JSON.stringify(text.slice(0, 64))} is not a name`,
      repair,
    });
    return false;
  });
}

interface TellNoneOptions extends At {
  readonly raw: RawRule;
  readonly repair: string;
}

/** Nothing could be read of these keys, of which one is enough: tells it unless their values were told. */
function tellNone(keys: readonly (keyof RawRule)[], options: TellNoneOptions): void {
  const { path, raw, report, repair } = options;
  if (keys.some((key) => isTold(`${path}.${key}`, report))) return;
  const written = keys.find((key) => raw[key] !== undefined);
  report.mistakes.push({
    path: `${path}.${written ?? keys[0]}`,
    what: written === undefined ? "is missing" : "is empty",
    repair,
  });
}

function isTold(start: string, { mistakes }: Report): boolean {
  return mistakes.some(({ path }) => path.startsWith(start));
}

/** A key that is absent, and would have narrowed what is allowed, while one much like it is there. */
function refuseMisspelt(key: string, { path, unknown, report }: At): void {
  const meant = unknown.find((known) => known.nearest === key && known.path.startsWith(path));
  if (meant === undefined || isTold(meant.path, report)) return;
  report.mistakes.push({
    path: meant.path,
    what: `is not a known key, and ${key} is missing`,
    repair: `Did you mean "${key}"?`,
  });
}

function warnOutside(addresses: readonly AddrRange[], { path, sets, report }: At): void {
  const isFixed = (range: AddrRange): boolean =>
    sets.some(({ family, ranges }) =>
      family === range.family && ranges.some(({ fixed }) => clipIntervals(fixed, range).length > 0)
    );
  if (sets.length === 0 || addresses.some(isFixed)) return;
  report.warnings.push({
    path,
    what: `${addresses.map(formatRange).join(", ")} is outside the fixed addresses of every range`,
    repair: "It has no effect",
  });
}
