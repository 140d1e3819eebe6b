/** The bill of materials, by the library's own validator. */
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { assertEquals } from "@std/assert";
// The validator finds them only where the graph holds them.
import "ajv";
import "ajv-formats";
import "ajv-formats-draft2019";
import type { BundledPackage } from "../../../deploy/bundled_packages.ts";
import { formatSbom, type SbomOptions } from "../../../deploy/sbom.ts";

const INTEGRITY = `sha512-${btoa("x".repeat(64))}`;

function bundled(name: string, changes: Partial<BundledPackage> = {}): BundledPackage {
  return {
    name,
    version: "1.2.3",
    integrity: INTEGRITY,
    license: "MIT",
    needs: [],
    isDirect: true,
    ...changes,
  };
}

const OPTIONS: SbomOptions = {
  version: "0.3.0",
  commit: "0123456789ab",
  date: new Date("2026-01-02T03:04:05Z"),
  target: "x86_64-unknown-linux-gnu",
  sha256: "ab".repeat(32),
  deno: "2.6.10",
  packages: [
    bundled("plain", { needs: ["@scope/part@1.2.3"] }),
    bundled("@scope/part", { license: "(MIT OR Apache-2.0)", isDirect: false }),
    bundled("odd", { license: "SEE LICENSE IN FILE" }),
  ],
};

Deno.test("formatSbom() writes what the schema of CycloneDX accepts", async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  assertEquals(await validator.validate(formatSbom(OPTIONS)), null);
  const wrong = formatSbom(OPTIONS).replace('"platform"', '"plattform"');
  assertEquals(await validator.validate(wrong) === null, false, "the validator can refuse");
});

Deno.test("formatSbom() has each package with version, licence, purl and hash, and the runtime", () => {
  const { components, metadata, dependencies } = JSON.parse(formatSbom(OPTIONS));
  const rows = components.map((one: Record<string, unknown>) => [
    one["type"],
    one["purl"],
    JSON.stringify(one["licenses"]),
  ]);
  assertEquals(rows, [
    ["library", "pkg:npm/%40scope/part@1.2.3", '[{"expression":"(MIT OR Apache-2.0)"}]'],
    ["platform", "pkg:github/denoland/deno@v2.6.10", '[{"license":{"id":"MIT"}}]'],
    ["library", "pkg:npm/odd@1.2.3", '[{"license":{"name":"SEE LICENSE IN FILE"}}]'],
    ["library", "pkg:npm/plain@1.2.3", '[{"license":{"id":"MIT"}}]'],
  ]);
  assertEquals(components[0].hashes, [{ alg: "SHA-512", content: "78".repeat(64) }]);
  assertEquals(metadata.timestamp, "2026-01-02T03:04:05.000Z");
  assertEquals(metadata.component.hashes, [{ alg: "SHA-256", content: "ab".repeat(32) }]);
  assertEquals(dependencies, [
    { ref: "@scope/part@1.2.3" },
    { ref: "deno@2.6.10" },
    { ref: "kube-ipam", dependsOn: ["deno@2.6.10", "odd@1.2.3", "plain@1.2.3"] },
    { ref: "odd@1.2.3" },
    { ref: "plain@1.2.3", dependsOn: ["@scope/part@1.2.3"] },
  ]);
});

Deno.test("formatSbom() writes the same text for the same options", () => {
  const packages = [...OPTIONS.packages].reverse();
  assertEquals(formatSbom(OPTIONS), formatSbom({ ...OPTIONS, packages }));
});
