/**
 * The certificate files of etcd, checked before they are used.
 *
 * @module
 */
import type { EtcdConfig } from "../../config/config.ts";
import { TlsError } from "../../tls/error.ts";
import { checkPair } from "../../tls/pair.ts";
import { type PemFile, pemOf, readFileOf, requireBlock } from "../../tls/pem_file.ts";
import { DatastoreError } from "../datastore.ts";

/** PEM texts for a TLS connection to etcd. */
export interface TlsTexts {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Reads and checks the certificate, key and CA files.
 *
 * @param config The configuration of etcd.
 * @returns Their texts.
 * @throws {DatastoreError} `misconfigured`, with the file and the repair.
 */
export async function readTls(config: EtcdConfig): Promise<TlsTexts> {
  try {
    return await readTexts(config);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    const { message, repair, cause } = error;
    throw new DatastoreError("misconfigured", message, { repair, cause });
  }
}

async function readTexts(config: EtcdConfig): Promise<TlsTexts> {
  const ca = readPem("etcdTrustedCAFile", config.caFile);
  const cert = readPem("etcdCertFile", config.certFile);
  const key = readPem("etcdKeyFile", config.keyFile);
  if (ca !== undefined) requireBlock(ca, "CERTIFICATE");
  if ((cert === undefined) !== (key === undefined)) throw halfPair(cert ?? key);
  if (cert !== undefined && key !== undefined) await checkPair(cert, key);
  return { ca: ca?.text, cert: cert?.text, key: key?.text };
}

/**
 * Makes the client for `https://` endpoints.
 *
 * @param texts The checked PEM texts.
 * @returns The client; the caller closes it.
 * @throws {DatastoreError} `misconfigured`, if TLS does not take the files.
 */
export function makeTlsClient(texts: TlsTexts): Deno.HttpClient {
  const { ca, cert, key } = texts;
  try {
    return Deno.createHttpClient({
      http2: false,
      ...(ca === undefined ? {} : { caCerts: [ca] }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    });
  } catch (cause) {
    throw new DatastoreError("misconfigured", "Cannot use the certificate files of etcd", {
      repair: "Check etcdTrustedCAFile, etcdCertFile and etcdKeyFile: " +
        (cause instanceof Error ? cause.message.trim() : "unknown error"),
      cause,
    });
  }
}

function readPem(setting: string, path: string | undefined): PemFile | undefined {
  return path === undefined ? undefined : pemOf(readFileOf({ setting, path }), { setting, path });
}

function halfPair(only: PemFile | undefined): TlsError {
  const missing = only?.setting === "etcdCertFile" ? "etcdKeyFile" : "etcdCertFile";
  return new TlsError(`Cannot use ${only?.setting} as ${missing} is not set`, {
    repair: `Set ${missing} too`,
  });
}
