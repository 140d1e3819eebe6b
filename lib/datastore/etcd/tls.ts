/**
 * The certificate files of etcd, checked before they are used.
 *
 * The check is ours because a key that does not fit its certificate, or that TLS does not know, ends
 * Deno 2.6 with a panic instead of an exception.
 *
 * @module
 */
import type { EtcdConfig } from "../../config/config.ts";
import { DatastoreError } from "../datastore.ts";
import { children, hex, sequence } from "./der.ts";
import { parsePem, type PemBlock } from "./pem.ts";
import { publicKeyOf } from "./private_key.ts";

/** PEM texts for a TLS connection to etcd. */
export interface TlsTexts {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

interface PemFile {
  /** The key of the netconf. */
  readonly setting: string;
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly PemBlock[];
}

/**
 * Reads and checks the certificate, key and CA files.
 *
 * @param config The configuration of etcd.
 * @returns Their texts.
 * @throws {DatastoreError} `misconfigured`, with the file and the repair.
 */
export async function readTls(config: EtcdConfig): Promise<TlsTexts> {
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
  if (path === undefined) return undefined;
  try {
    const text = Deno.readTextFileSync(path);
    return { setting, path, text, blocks: parsePem(text) };
  } catch (cause) {
    if (cause instanceof SyntaxError) throw notPem({ setting, path }, cause.message);
    throw unreadable({ setting, path }, cause);
  }
}

/** Returns the first block, which must be of the kind asked for. */
function requireBlock(file: PemFile, label: string): PemBlock {
  const block = file.blocks.find((one) => one.label === label || one.label.endsWith(` ${label}`));
  if (block === undefined) throw notPem(file, `no block "${label}" in it`);
  return block;
}

async function checkPair(cert: PemFile, key: PemFile): Promise<void> {
  const { der } = requireBlock(cert, "CERTIFICATE");
  checkVersion(cert, der);
  const block = requireBlock(key, "PRIVATE KEY");
  if (block.label.startsWith("ENCRYPTED") || block.encrypted) {
    throw new DatastoreError("misconfigured", `Cannot use the encrypted key file "${key.path}"`, {
      repair: `Set ${key.setting} to a key without a pass phrase: openssl pkey -in FILE -out FILE`,
    });
  }
  const publicKey = await readKey(key, block);
  if (!includes(der, publicKey)) {
    throw new DatastoreError(
      "misconfigured",
      `Cannot use the key file "${key.path}" as it does not belong to the certificate "${cert.path}"`,
      { repair: `Set ${cert.setting} and ${key.setting} to the files of one key pair` },
    );
  }
}

/** What `openssl x509 -req` makes without extensions is of version 1, which TLS here does not take. */
function checkVersion(cert: PemFile, der: Uint8Array): void {
  let version: string;
  try {
    const [signed] = sequence(der);
    const [first] = signed === undefined ? [] : children(signed.body);
    version = first?.tag === 0xa0 ? hex(first.body) : "020100";
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw notPem(cert, "certificate is malformed");
  }
  if (version === "020102") return;
  throw new DatastoreError(
    "misconfigured",
    `Cannot use the certificate "${cert.path}" as it is not an X.509 version 3 certificate`,
    { repair: `Issue the certificate of ${cert.setting} with extensions: openssl x509 -extfile` },
  );
}

async function readKey(key: PemFile, block: PemBlock): Promise<Uint8Array> {
  try {
    return await publicKeyOf(block);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new DatastoreError(
      "misconfigured",
      `Cannot use the key file "${key.path}": ${cause.message}`,
      {
        repair: `Set ${key.setting} to an RSA key of 2048 bits or more, ` +
          "an EC key (P-256, P-384, P-521) or an Ed25519 key",
      },
    );
  }
}

/** The public key stands in a certificate byte for byte. */
function includes(der: Uint8Array, part: Uint8Array): boolean {
  const last = der.length - part.length;
  for (let at = 0; at <= last; at++) {
    let same = 0;
    while (same < part.length && der[at + same] === part[same]) same++;
    if (same === part.length) return true;
  }
  return false;
}

interface Named {
  readonly setting: string;
  readonly path: string;
}

function unreadable({ setting, path }: Named, cause: unknown): DatastoreError {
  const missing = cause instanceof Deno.errors.NotFound;
  const outside = cause instanceof Deno.errors.NotCapable;
  const repair = missing
    ? `Correct ${setting}, or install the file on this node`
    : outside
    ? `Keep the file of ${setting} below /etc/kubernetes, /etc/etcd, /etc/ssl/etcd, /etc/kube-ipam or /etc/cni: ` +
      "this program may read certificates nowhere else"
    : `Make the file of ${setting} readable for this program`;
  const seen = missing ? "no such file" : cause instanceof Error ? cause.name : "unreadable";
  return new DatastoreError(
    "misconfigured",
    `Cannot read the file "${path}" of ${setting}: current error is ${seen}`,
    { repair, cause },
  );
}

function notPem({ setting, path }: Named, seen: string): DatastoreError {
  return new DatastoreError(
    "misconfigured",
    `Cannot use the file "${path}" of ${setting} as PEM: ${seen}`,
    { repair: `Set ${setting} to a PEM file: -----BEGIN ...-----` },
  );
}

function halfPair(only: PemFile | undefined): DatastoreError {
  const missing = only?.setting === "etcdCertFile" ? "etcdKeyFile" : "etcdCertFile";
  return new DatastoreError(
    "misconfigured",
    `Cannot use ${only?.setting} as ${missing} is not set`,
    { repair: `Set ${missing} too` },
  );
}
