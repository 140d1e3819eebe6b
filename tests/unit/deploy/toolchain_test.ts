/** Targets, by whichever name; and that a denort which is given is never taken for another machine. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkMachine, findToolchain, ownArch, parseTarget } from "../../../deploy/toolchain.ts";

Deno.test("parseTarget() takes the short name and Deno's", () => {
  assertEquals(["amd64", "x86_64-unknown-linux-gnu"].map(parseTarget), ["amd64", "amd64"]);
  assertEquals(["arm64", "aarch64-unknown-linux-gnu"].map(parseTarget), ["arm64", "arm64"]);
});

Deno.test("parseTarget() lists those that it knows", () => {
  for (const text of ["", "x86", "riscv64", "x86_64-pc-windows-msvc"]) {
    assertThrows(
      () => parseTarget(text),
      RangeError,
      "Cannot compile as the target must be one of x86_64-unknown-linux-gnu (amd64), " +
        `aarch64-unknown-linux-gnu (arm64): current value is "${text}"`,
    );
  }
});

Deno.test("findToolchain() takes DENO_TOOLCHAIN, and its denort for this machine only", () => {
  const foreign = ownArch() === "arm64" ? "amd64" : "arm64";
  const given = (): string => "/tools";
  for (const arch of [undefined, ownArch()]) {
    const { deno, env } = findToolchain(arch, given);
    assertEquals([deno, env["DENORT_BIN"]], ["/tools/deno", "/tools/denort"]);
  }
  const { deno, env } = findToolchain(foreign, given);
  assertEquals([deno, Object.hasOwn(env, "DENORT_BIN")], ["/tools/deno", true]);
  assertEquals(env["DENORT_BIN"], undefined);
});

Deno.test("findToolchain() takes this Deno otherwise, and leaves DENORT_BIN for this machine", () => {
  const foreign = ownArch() === "arm64" ? "amd64" : "arm64";
  for (const value of [undefined, ""]) {
    const own = findToolchain(undefined, () => value);
    assertEquals([own.deno, Object.hasOwn(own.env, "DENORT_BIN")], [Deno.execPath(), false]);
    assertEquals(Object.hasOwn(findToolchain(foreign, () => value).env, "DENORT_BIN"), true);
  }
});

Deno.test("checkMachine() knows an executable of another machine", async () => {
  const arch = ownArch();
  if (arch === undefined) return;
  await checkMachine(Deno.execPath(), arch);
  await assertRejects(
    () => checkMachine(Deno.execPath(), arch === "amd64" ? "arm64" : "amd64"),
    Error,
    "as its machine must be",
  );
});
