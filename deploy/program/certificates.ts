/**
 * Certificates for a rehearsal of TLS: made anew each time, thrown away after it.
 *
 * @module
 */
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { PEM_FILES } from "./load.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR_MS = 3_600_000;

/**
 * Writes an authority's certificate, and a certificate with its key that is good for a server on 127.0.0.1 and for a client.
 *
 * @param folder Takes the files.
 */
export async function writeCertificates(folder: string): Promise<void> {
  const authority = await makeKeys();
  const keys = await makeKeys();
  const dates = {
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
  };
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=rehearsal-ca",
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
    ...dates,
  });
  const cert = await X509CertificateGenerator.create({
    subject: "CN=rehearsal",
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    ],
    ...dates,
  });
  await Deno.writeTextFile(`${folder}/${PEM_FILES.ca}`, pemOf(ca));
  await Deno.writeTextFile(`${folder}/${PEM_FILES.cert}`, pemOf(cert));
  await Deno.writeTextFile(`${folder}/${PEM_FILES.key}`, await keyPem(keys));
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

async function keyPem({ privateKey }: CryptoKeyPair): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const text = btoa(String.fromCharCode(...der)).replaceAll(/(.{64})/g, "$1\n");
  return `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`;
}
