import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CniError } from "../../../lib/cni/errors.ts";
import {
  atLeast,
  checkVerb,
  formatVersions,
  parseVersion,
  VERSIONS,
} from "../../../lib/cni/version.ts";

for (const version of VERSIONS) {
  Deno.test(`parseVersion() takes ${version}`, () => assertEquals(parseVersion(version), version));
}

Deno.test("parseVersion() takes an absent or empty version for 0.1.0", () => {
  assertEquals([parseVersion(undefined), parseVersion("")], ["0.1.0", "0.1.0"]);
});

for (const value of ["1.2.0", "1.1", "v1.1.0", " 1.1.0", "1.1.0-rc1", 1, null, ["1.1.0"], {}]) {
  Deno.test(`parseVersion() refuses ${JSON.stringify(value)} and names both sides`, () => {
    const error = assertThrows(
      () => parseVersion(value),
      CniError,
      "Incompatible CNI versions",
    );
    assertEquals(error.code, 1);
    assertStringIncludes(error.details ?? "", JSON.stringify(value));
    assertStringIncludes(error.details ?? "", VERSIONS.join(", "));
  });
}

Deno.test("atLeast() orders the versions as they came", () => {
  for (const [i, version] of VERSIONS.entries()) {
    for (const [j, least] of VERSIONS.entries()) assertEquals(atLeast(version, least), i >= j);
  }
});

const REFUSED = { CHECK: ["0.1.0", "0.2.0", "0.3.0", "0.3.1"], GC: VERSIONS.slice(0, 6) };
for (const version of VERSIONS) {
  Deno.test(`checkVerb() at ${version} knows what exists`, () => {
    for (const command of ["ADD", "DEL", "VERSION"] as const) checkVerb(command, version);
    for (const command of ["CHECK", "GC", "STATUS"] as const) {
      const refused = command === "CHECK" ? REFUSED.CHECK : REFUSED.GC;
      if (!refused.includes(version)) {
        checkVerb(command, version);
        continue;
      }
      const error = assertThrows(() => checkVerb(command, version), CniError, command);
      assertEquals(error.code, 1);
      assertStringIncludes(error.details ?? "", version);
    }
  });
}

Deno.test("formatVersions() echoes what was asked, known or not", () => {
  for (const asked of ["0.4.0", "9.9.9"]) {
    assertEquals(
      formatVersions(asked),
      `{"cniVersion":"${asked}","supportedVersions":${JSON.stringify(VERSIONS)}}`,
    );
  }
});

Deno.test("formatVersions() answers the newest when nothing was asked", () => {
  for (const asked of [undefined, ""]) {
    assertEquals(JSON.parse(formatVersions(asked)).cniVersion, "1.1.0");
  }
});
