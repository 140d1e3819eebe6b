/**
 * `etcdConfig`: how etcd is reached.
 *
 * @module
 */
import type { EtcdConfig } from "./config.ts";
import { readChoice, TRANSPORTS } from "./choices.ts";
import { readEndpoints } from "./endpoints.ts";
import { readPath } from "./files.ts";
import type { Report } from "./mistakes.ts";
import type { RawEtcd } from "./shape.ts";

/** Options of {@linkcode readEtcd}. */
export interface ReadEtcdOptions {
  /** `ipam.transport`, which may stand in for the one in `etcdConfig`. */
  readonly transport: string | undefined;
  /** Where mistakes go. */
  readonly report: Report;
  /** An unknown key that probably means `etcdURL`. */
  readonly misspeltUrl: string | undefined;
}

const PATH = "ipam.etcdConfig";

type ReadFile = (key: keyof RawEtcd) => string | undefined;

/**
 * Reads `etcdConfig`.
 *
 * @param raw As it is written.
 * @param options What stands elsewhere, and where mistakes go.
 * @returns The configuration; with mistakes, what could be read of it.
 */
export function readEtcd(raw: RawEtcd, options: ReadEtcdOptions): EtcdConfig {
  const { report } = options;
  const file: ReadFile = (key) => readPath(raw[key], { path: `${PATH}.${key}`, report });
  const files = {
    certFile: file("etcdCertFile"),
    keyFile: file("etcdKeyFile"),
    caFile: readCa(file, report),
    passwordFile: file("etcdPasswordFile"),
  };
  const username = text(raw.etcdUsername);
  const password = text(raw.etcdPassword);
  checkPair({ etcdCertFile: files.certFile, etcdKeyFile: files.keyFile }, report);
  checkPassword({ username, password, passwordFile: files.passwordFile }, report);
  const hasFiles = [files.certFile, files.keyFile, files.caFile].some((name) => name !== undefined);
  const endpoints = readEndpoints(raw.etcdURL, {
    path: `${PATH}.etcdURL`,
    report,
    hasFiles,
    hasPassword: username !== undefined,
    misspelt: options.misspeltUrl,
  });
  return {
    kind: "etcd",
    endpoints,
    ...defined({ ...files, username, password }),
    transport: readTransport(raw.transport, options),
  };
}

function readCa(file: ReadFile, report: Report): string | undefined {
  const doubled = file("etcdTrustedCAFileFile");
  const plain = file("etcdTrustedCAFile");
  if (doubled !== undefined && plain !== undefined && doubled !== plain) {
    report.mistakes.push({
      path: `${PATH}.etcdTrustedCAFile`,
      what: `${plain} is another file than etcdTrustedCAFileFile ${doubled}`,
      repair: "Write one of the two spellings",
    });
  }
  return doubled ?? plain;
}

interface Pair {
  readonly etcdCertFile: string | undefined;
  readonly etcdKeyFile: string | undefined;
}

function checkPair({ etcdCertFile, etcdKeyFile }: Pair, report: Report): void {
  if ((etcdCertFile === undefined) === (etcdKeyFile === undefined)) return;
  const [missing, other] = etcdCertFile === undefined
    ? ["etcdCertFile", "etcdKeyFile"]
    : ["etcdKeyFile", "etcdCertFile"];
  report.mistakes.push({
    path: `${PATH}.${missing}`,
    what: `is missing beside ${other}`,
    repair: "Write both, or none",
  });
}

interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly passwordFile: string | undefined;
}

function checkPassword({ username, password, passwordFile }: Credentials, report: Report): void {
  if (password !== undefined && passwordFile !== undefined) {
    report.mistakes.push({
      path: `${PATH}.etcdPassword`,
      what: "stands beside etcdPasswordFile",
      repair: "Remove etcdPassword: every user of the node may read a netconf",
    });
  }
  const hasPassword = password !== undefined || passwordFile !== undefined;
  if (username !== undefined && !hasPassword) {
    report.mistakes.push({
      path: `${PATH}.etcdPasswordFile`,
      what: "is missing beside etcdUsername",
      repair: "Write the path of a file that holds the password",
    });
  }
  if (username === undefined && hasPassword) {
    report.mistakes.push({
      path: `${PATH}.etcdUsername`,
      what: "is missing beside the password",
      repair: "Write the name of the user",
    });
  }
}

function readTransport(
  inner: string | undefined,
  options: ReadEtcdOptions,
): EtcdConfig["transport"] {
  const { report } = options;
  const own = readChoice(inner, { words: TRANSPORTS, path: `${PATH}.transport`, report });
  const outer = readChoice(options.transport, {
    words: TRANSPORTS,
    path: "ipam.transport",
    report,
  });
  if (own !== undefined && outer !== undefined && own !== outer) {
    report.mistakes.push({
      path: "ipam.transport",
      what: `"${outer}" is not the same as etcdConfig.transport "${own}"`,
      repair: "Write it once",
    });
  }
  return own ?? outer ?? "auto";
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function defined<T extends Readonly<Record<string, string | undefined>>>(
  values: T,
): { [K in keyof T]?: string } {
  const result: { [K in keyof T]?: string } = {};
  for (const key in values) {
    if (!Object.hasOwn(values, key)) continue;
    const value = values[key];
    if (value !== undefined) result[key] = value;
  }
  return result;
}
