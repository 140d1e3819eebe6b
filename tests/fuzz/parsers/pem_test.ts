/** Whatever stands in a file of certificates or keys: its blocks, or a TlsError that shows nothing of it. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TlsError } from "../../../lib/tls/error.ts";
import { checkPair } from "../../../lib/tls/pair.ts";
import { pemOf } from "../../../lib/tls/pem_file.ts";
import { corpus, fuzz } from "../_fuzz.ts";
import { aCut, cutUp } from "../_mutate.ts";

const LABELS = [
  "PRIVATE KEY",
  "EC PRIVATE KEY",
  "RSA PRIVATE KEY",
  "ENCRYPTED PRIVATE KEY",
  "PUBLIC KEY",
];

/** A certificate of version 3 as far as it is looked at. */
const CERT = pem("CERTIFICATE", Uint8Array.of(0x30, 9, 0x30, 7, 0xa0, 5, 2, 1, 2, 5, 0));
const { privateKey } = await crypto.subtle.generateKey(
  { name: "ECDSA", namedCurve: "P-256" },
  true,
  ["sign"],
);
const KEY = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));

function pem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${btoa(String.fromCharCode(...der))}\n-----END ${label}-----\n`;
}

async function read(cert: string, key: string): Promise<void> {
  try {
    await checkPair(pemOf(cert, { setting: "cert" }), pemOf(key, { setting: "key" }));
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    const said = `${error.message}\n${error.repair}`;
    const body = key.split("\n")[1]?.slice(0, 24) ?? "";
    if (body.length === 24) assertEquals(said.includes(body), false, said);
  }
}

Deno.test("PEM texts of the corpus are read, or refused as ours", async () => {
  for (const { text } of corpus("pem")) {
    await read(text, text);
    await read(CERT, text);
  }
});

Deno.test("a key whose DER is damaged is read, or refused as ours", () =>
  fuzz(
    fc.asyncProperty(
      fc.constantFrom(...LABELS),
      fc.array(aCut, { minLength: 1, maxLength: 2 }),
      (label, cuts) => {
        const der = cutUp(KEY, cuts);
        return read(CERT, pem(label, der.subarray(0, 2_000)));
      },
    ),
    150,
  ));

Deno.test("a PEM text that is damaged is read, or refused as ours", () =>
  fuzz(
    fc.asyncProperty(fc.array(aCut, { minLength: 1, maxLength: 3 }), (cuts) => {
      const text = new TextDecoder().decode(
        cutUp(new TextEncoder().encode(pem("PRIVATE KEY", KEY)), cuts),
      );
      return read(text, text);
    }),
    100,
  ));

Deno.test("a megabyte of blocks that never end is refused at once (found by fuzz)", () => {
  const text = "-----BEGIN A-----\n".repeat(60_000);
  return read(CERT, text);
});
