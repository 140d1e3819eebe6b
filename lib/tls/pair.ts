/**
 * The check that a certificate and a key are a pair that TLS takes.
 *
 * The check is ours because a key that does not fit its certificate, or that TLS does not know, ends
 * Deno 2.6 with a panic instead of an exception.
 *
 * @module
 */
import { children, hex, sequence } from "./der.ts";
import { TlsError } from "./error.ts";
import { notPem, type Origin, type PemFile, requireBlock } from "./pem_file.ts";
import type { PemBlock } from "./pem.ts";
import { publicKeyOf } from "./private_key.ts";

/**
 * Checks a client certificate and its key.
 *
 * @param cert The certificate, with its chain.
 * @param key The key.
 * @throws {TlsError} If TLS would not take them, or they do not belong to one another.
 */
export async function checkPair(cert: PemFile, key: PemFile): Promise<void> {
  const { der } = requireBlock(cert, "CERTIFICATE");
  checkVersion(cert, der);
  const block = requireBlock(key, "PRIVATE KEY");
  if (block.label.startsWith("ENCRYPTED") || block.encrypted) {
    throw new TlsError(`Cannot use the encrypted ${keyName(key)}`, {
      repair: `Set ${key.setting} to a key without a pass phrase: openssl pkey -in FILE -out FILE`,
    });
  }
  const publicKey = await readKey(key, block);
  if (includes(der, publicKey)) return;
  throw new TlsError(
    `Cannot use the ${keyName(key)} as it does not belong to the ${certName(cert)}`,
    {
      repair: `Set ${cert.setting} and ${key.setting} to ` +
        (cert.path === undefined ? "what belongs to one key pair" : "the files of one key pair"),
    },
  );
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
  throw new TlsError(
    `Cannot use the ${certName(cert)} as it is not an X.509 version 3 certificate`,
    { repair: `Issue the certificate of ${cert.setting} with extensions: openssl x509 -extfile` },
  );
}

async function readKey(key: PemFile, block: PemBlock): Promise<Uint8Array> {
  try {
    return await publicKeyOf(block);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new TlsError(
      `Cannot use the ${keyName(key)}: ${cause.message}`,
      {
        repair: `Set ${key.setting} to an RSA key of 2048 bits or more, ` +
          "an EC key (P-256, P-384, P-521) or an Ed25519 key",
      },
    );
  }
}

function keyName({ setting, path }: Origin): string {
  return path === undefined ? `key of ${setting}` : `key file "${path}"`;
}

function certName({ setting, path }: Origin): string {
  return path === undefined ? `certificate of ${setting}` : `certificate "${path}"`;
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
