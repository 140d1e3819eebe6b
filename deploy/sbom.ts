/**
 * The bill of materials of an executable, as CycloneDX JSON. Pure.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 * @module
 */
import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { hex } from "../lib/tls/der.ts";
import type { BundledPackage } from "./bundled_packages.ts";

/** What the bill is of. */
export interface SbomOptions {
  readonly version: string;
  readonly commit: string;
  readonly date: Date;
  /** As Deno calls it. */
  readonly target: string;
  /** Of the executable, in hexadecimal. */
  readonly sha256: string;
  /** The version of the runtime that is in it. */
  readonly deno: string;
  readonly packages: readonly BundledPackage[];
}

const { Component, HashDictionary, LicenseRepository, Property } = Models;

/**
 * Writes the bill of materials.
 *
 * @param options What it is of.
 * @returns JSON text, the same for the same options.
 */
export function formatSbom(options: SbomOptions): string {
  const { version, commit, date, target, sha256, deno, packages } = options;
  const main = new Component(Enums.ComponentType.Application, "kube-ipam", {
    bomRef: "kube-ipam",
    version,
    purl: `pkg:generic/kube-ipam@${version}`,
    hashes: new HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]),
    licenses: licensesOf("Apache-2.0"),
  });
  main.properties.add(new Property("kube-ipam:commit", commit));
  main.properties.add(new Property("kube-ipam:target", target));
  const runtime = new Component(Enums.ComponentType.Platform, "deno", {
    bomRef: `deno@${deno}`,
    version: deno,
    purl: `pkg:github/denoland/deno@v${deno}`,
    licenses: licensesOf("MIT"),
  });
  const components = new Map(packages.map((one) => [refOf(one), componentOf(one)] as const));
  main.dependencies.add(runtime.bomRef);
  for (const one of packages) {
    const component = components.get(refOf(one));
    if (component === undefined) continue;
    if (one.isDirect) main.dependencies.add(component.bomRef);
    for (const need of one.needs) {
      const other = components.get(need);
      if (other !== undefined) component.dependencies.add(other.bomRef);
    }
  }
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: main, timestamp: date }),
    components: new Models.ComponentRepository([runtime, ...components.values()]),
  });
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const text = new Serialize.JsonSerializer(factory)
    .serialize(bom, { sortLists: true, space: 2 });
  return `${text}\n`;
}

function refOf({ name, version }: BundledPackage): string {
  return `${name}@${version}`;
}

function componentOf(one: BundledPackage): InstanceType<typeof Component> {
  const { name, version, integrity, license } = one;
  const [group, plain] = name.startsWith("@") ? name.split("/", 2) : [undefined, name];
  return new Component(Enums.ComponentType.Library, plain ?? name, {
    bomRef: refOf(one),
    ...(group === undefined ? {} : { group }),
    version,
    purl: `pkg:npm/${name.replace(/^@/, "%40")}@${version}`,
    hashes: new HashDictionary([[Enums.HashAlgorithm["SHA-512"], hexOf(integrity)]]),
    licenses: licensesOf(license),
  });
}

function licensesOf(text: string): InstanceType<typeof LicenseRepository> {
  const factory = new Contrib.License.Factories.LicenseFactory((expression) => {
    if (!/ (?:AND|OR|WITH) /.test(expression)) throw new SyntaxError("no expression");
  });
  return new LicenseRepository([factory.makeFromString(text)]);
}

function hexOf(integrity: string): string {
  const [, base64] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (base64 === undefined) {
    throw new TypeError(
      `Cannot read an integrity that is not SHA-512: current value is ${integrity}`,
    );
  }
  return hex(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}
