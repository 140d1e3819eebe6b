/**
 * The public part of a private key, as it stands in a certificate.
 *
 * Reads the little of DER that this takes; only a key that does not hold its public part is given to
 * `node:crypto`, which costs some milliseconds.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5958} PKCS 8, {@link https://www.rfc-editor.org/rfc/rfc8017} RSA,
 * {@link https://www.rfc-editor.org/rfc/rfc5915} EC
 * @module
 */
import { children, type DerNode, hex, malformed, sequence } from "./der.ts";
import type { PemBlock } from "./pem.ts";

const OCTETS = 0x04;
const OID = 0x06;

/** Object identifiers of keys and curves that TLS knows here, as hexadecimal DER. */
const RSA = "2a864886f70d010101";
const EC = "2a8648ce3d0201";
const CURVES = ["2a8648ce3d030107", "2b81040022", "2b81040023"];
const ED25519 = "2b6570";
const MIN_RSA_BYTES = 256;

/**
 * Finds the public part: the modulus of RSA, the point of EC or Ed25519.
 *
 * @param block A block `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`.
 * @returns Bytes that the certificate of this key contains.
 * @throws {SyntaxError} If the key is malformed or of a kind that TLS does not take.
 */
export function publicKeyOf(block: PemBlock): Promise<Uint8Array> | Uint8Array {
  switch (block.label) {
    case "RSA PRIVATE KEY":
      return modulusOf(block.der);
    case "EC PRIVATE KEY":
      return pointOf(block.der) ?? computed(block, "sec1");
    case "PRIVATE KEY":
      return ofPkcs8(block);
    default:
      throw new SyntaxError(`block "${block.label}" is not known`);
  }
}

function ofPkcs8(block: PemBlock): Promise<Uint8Array> | Uint8Array {
  const [, algorithm, inner] = sequence(block.der);
  if (algorithm === undefined || inner?.tag !== OCTETS) throw malformed("key");
  const [kind, curve] = children(algorithm.body);
  switch (kind === undefined ? "" : hex(kind.body)) {
    case RSA:
      return modulusOf(inner.body);
    case EC:
      if (curve === undefined) throw malformed("key");
      checkCurve(curve);
      return pointOf(inner.body) ?? computed(block, "pkcs8");
    case ED25519:
      return computed(block, "pkcs8");
    default:
      throw new SyntaxError("kind of key is not known");
  }
}

function modulusOf(der: Uint8Array): Uint8Array {
  const modulus = sequence(der)[1];
  if (modulus === undefined) throw malformed("key");
  const bytes = modulus.body[0] === 0 ? modulus.body.subarray(1) : modulus.body;
  if (bytes.length < MIN_RSA_BYTES) {
    throw new SyntaxError(`RSA key is too short: current length is ${bytes.length * 8} bits`);
  }
  return bytes;
}

/** `[0]` holds the curve, `[1]` the point; PKCS 8 names the curve outside. */
function pointOf(der: Uint8Array): Uint8Array | undefined {
  const parts = sequence(der);
  const curve = parts.find(({ tag }) => tag === 0xa0);
  if (curve !== undefined) checkCurve(children(curve.body)[0]);
  const point = parts.find(({ tag }) => tag === 0xa1);
  const bits = point === undefined ? undefined : children(point.body)[0];
  // The first byte of a bit string counts its unused bits.
  return bits?.body.subarray(1);
}

function checkCurve(curve: DerNode | undefined): void {
  if (curve?.tag !== OID || !CURVES.includes(hex(curve.body))) {
    throw new SyntaxError("curve of the EC key is not known");
  }
}

async function computed(block: PemBlock, type: "pkcs8" | "sec1"): Promise<Uint8Array> {
  const { createPrivateKey, createPublicKey } = await import("node:crypto");
  const { Buffer } = await import("node:buffer");
  try {
    const key = createPrivateKey({ key: Buffer.from(block.der), format: "der", type });
    const der = createPublicKey(key.export({ format: "pem", type: "pkcs8" }))
      .export({ format: "der", type: "spki" });
    const bits = sequence(Uint8Array.from(der))[1];
    if (bits === undefined) throw malformed("key");
    return bits.body.subarray(1);
  } catch {
    throw malformed("key");
  }
}
