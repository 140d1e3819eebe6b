/** Compiling for another machine than this one. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ownArch } from "../../deploy/toolchain.ts";
import { compileTask } from "./_run.ts";

Deno.test("compile for another machine makes its executable, or says why Deno cannot", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-target-" });
  try {
    const foreign = ownArch() === "arm64" ? "amd64" : "arm64";
    const output = `${folder}/kube-ipam`;
    const { code, stdout, stderr } = await compileTask("--target", foreign, "--output", output);
    if (code === 0) {
      assertStringIncludes(stdout, `${output}: `);
      return;
    }
    const [first = "", second] = stderr.trimEnd().split("\n");
    assertMatch(
      first,
      /^Cannot compile for (x86_64|aarch64)-unknown-linux-gnu as Deno must download/,
    );
    assertEquals(
      second,
      "Compile where Deno can download it, or on a machine of that kind: " +
        "DENO_TOOLCHAIN and DENORT_BIN serve this machine only",
    );
    assertEquals(stderr.trimEnd().split("\n").length, 2, stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
