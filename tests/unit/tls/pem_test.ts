import { assertEquals, assertThrows } from "@std/assert";
import { parsePem } from "../../../lib/tls/pem.ts";
import { publicKeyOf } from "../../../lib/tls/private_key.ts";

function pem(label: string, body: string): string {
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

Deno.test("parsePem() reads all blocks and skips what is between", () => {
  const text = `comment\r\n${pem("EC PARAMETERS", "AQI=")}\n${pem("EC PRIVATE KEY", "AQ\nID")}`;
  assertEquals(
    parsePem(text).map(({ label, der, encrypted }) => [label, [...der], encrypted]),
    [["EC PARAMETERS", [1, 2], false], ["EC PRIVATE KEY", [1, 2, 3], false]],
  );
});

Deno.test("parsePem() tells a block that is encrypted in the old way", () => {
  const body = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAQID";
  assertEquals(parsePem(pem("RSA PRIVATE KEY", body)).map(({ encrypted }) => encrypted), [true]);
});

Deno.test("parsePem() refuses what is not PEM", () => {
  for (const text of ["", "hello", "-----BEGIN X-----\nAQID\n", pem("X", "%%%")]) {
    assertThrows(() => parsePem(text), SyntaxError);
  }
});

Deno.test("publicKeyOf() refuses what is no key", () => {
  const bodies = [[], [0x30], [0x30, 0x80], [0x30, 0x84, 1, 1, 1, 1], [0x30, 2, 2, 9], [2, 1, 0]];
  for (const body of bodies) {
    for (const label of ["PRIVATE KEY", "RSA PRIVATE KEY", "DSA PRIVATE KEY"]) {
      const der = Uint8Array.from(body);
      assertThrows(() => publicKeyOf({ label, der, encrypted: false }), SyntaxError);
    }
  }
});
