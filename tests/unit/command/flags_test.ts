import { assertEquals, assertThrows } from "@std/assert";
import { asksHelp, confOf, type Flags, readFlags, UsageError } from "../../../lib/command/flags.ts";

const KNOWN = { conf: "value", network: "value", json: "none" } as const;

function read(...args: readonly string[]): Flags {
  return readFlags(args, { command: "list", flags: KNOWN });
}

Deno.test("readFlags() reads a flag with one dash or two, and its value after a space or an equals sign", () => {
  for (
    const args of [
      ["--conf", "a.conf", "--json", "word"],
      ["-conf", "a.conf", "word", "-json"],
      ["--json", "--conf=a.conf", "word"],
      ["word", "-conf=a.conf", "-json"],
      ["--json", "--conf=a.conf", "--", "word"],
    ]
  ) {
    const { values, set, words } = read(...args);
    assertEquals([...values], [["conf", "a.conf"]], args.join(" "));
    assertEquals([...set], ["json"]);
    assertEquals(words, ["word"]);
  }
});

Deno.test("readFlags() takes the last of several values, and what follows -- as it is", () => {
  const { values, all } = read("--conf", "a", "--conf", "b");
  assertEquals([values.get("conf"), all.get("conf")], ["b", ["a", "b"]]);
  assertEquals(all.get("network"), undefined);
  assertEquals(read("--conf", "-").values.get("conf"), "-");
  assertEquals(read("--", "--json").words, ["--json"]);
  assertEquals(read("fd00::1", "10.0.0.1").words, ["fd00::1", "10.0.0.1"]);
});

Deno.test("readFlags() tells what it does not understand", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--cnf", "x"], "Cannot use --cnf as list has no such flag: did you mean --conf?"],
    [
      ["--colour"],
      "Cannot use --colour as list has no such flag: its flags are --conf, --network, --json",
    ],
    [["--constructor"], "Cannot use --constructor as list has no such flag"],
    [["--__proto__=x"], "Cannot use --__proto__ as list has no such flag"],
    [["-x"], "Cannot use -x as list has no such flag"],
    [["--conf"], "Cannot use --conf as its value is missing"],
    [["--conf="], "Cannot use --conf as its value is missing"],
    [["--conf", "--json"], "Cannot use --conf as its value is missing"],
    [["--json=yes"], "Cannot use --json as it takes no value"],
  ];
  for (const [args, message] of cases) {
    assertThrows(() => read(...args), UsageError, message, args.join(" "));
  }
});

Deno.test("confOf() names what is missing", () => {
  assertEquals(confOf(read("--conf=a"), "list"), "a");
  assertThrows(() => confOf(read("--json"), "list"), UsageError, "give --conf FILE");
});

Deno.test("asksHelp() finds it wherever it stands", () => {
  for (const args of [["--help"], ["-h"], ["--cnf", "-help"]]) assertEquals(asksHelp(args), true);
  assertEquals(asksHelp(["--conf", "help"]), false);
});
