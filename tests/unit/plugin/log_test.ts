import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { LogConfig } from "../../../lib/config/config.ts";
import { type Level, writeLog } from "../../../lib/plugin/log.ts";

async function inFolder(fn: (config: LogConfig) => void): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "kube-ipam-log-" });
  try {
    fn({ file: `${root}/plugin.log`, level: "info", maxSizeBytes: 1_000 });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function write(config: LogConfig, level: Level, text: string): string {
  let stderr = "";
  writeLog(config, { level, line: { text }, stderr: (more) => stderr += more });
  return stderr;
}

Deno.test("writeLog() appends lines of JSON", () =>
  inFolder((config) => {
    for (const text of ["one", "two\nlines"]) assertEquals(write(config, "info", text), "");
    const lines = Deno.readTextFileSync(config.file).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(lines.map(({ level, text }) => [level, text]), [["info", "one"], [
      "info",
      "two\nlines",
    ]]);
    assert(lines.every(({ time }) => !Number.isNaN(Date.parse(time))));
  }));

Deno.test("writeLog() leaves out what is less urgent than the level", () =>
  inFolder((config) => {
    write({ ...config, level: "warn" }, "info", "no");
    write({ ...config, level: "warn" }, "error", "yes");
    assertEquals(Deno.readTextFileSync(config.file).trim().split("\n").length, 1);
  }));

Deno.test("writeLog() renames a file that is too large, and loses no line", () =>
  inFolder((config) => {
    for (let index = 0; index < 14; index++) {
      write(config, "info", `line ${index} ${"x".repeat(60)}`);
    }
    const both = Deno.readTextFileSync(`${config.file}.1`) + Deno.readTextFileSync(config.file);
    assertEquals(both.trim().split("\n").length, 14);
    assert(Deno.statSync(config.file).size < 1_200);
  }));

Deno.test("writeLog() goes to stderr where the file cannot be written", () =>
  inFolder((config) => {
    const stderr = write({ ...config, file: `${config.file}/none/plugin.log` }, "error", "lost?");
    assertStringIncludes(stderr, '"text":"lost?"');
    assertStringIncludes(stderr, "Cannot write");
  }));

Deno.test("writeLog() survives a stderr that is closed", () =>
  inFolder((config) => {
    const file = `${config.file}/none/plugin.log`;
    const stderr = (): never => {
      throw new Deno.errors.BrokenPipe();
    };
    writeLog({ ...config, file }, { level: "error", line: {}, stderr });
  }));
