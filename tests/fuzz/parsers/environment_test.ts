/** Whatever the variables of a call hold: an invocation, or code 4. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readArgs } from "../../../lib/cni/args.ts";
import { type Command, parseEnvironment } from "../../../lib/cni/environment.ts";
import { CniError } from "../../../lib/cni/errors.ts";
import { parseResolvConf } from "../../../lib/cni/resolv_conf.ts";
import { corpus, fuzz, throwsOnly } from "../_fuzz.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("", " ", "\ufffd", "a".repeat(5_000)),
);
const key = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      "IP",
      "GATEWAY",
      "K8S_POD_NAME",
      "K8S_POD_NAMESPACE",
      "K8S_POD_UID",
      "IgnoreUnknown",
      "MAC",
    ),
  },
  anyText,
);
const args = fc.oneof(
  fc.array(fc.tuple(key, fc.oneof(anyText, fc.constantFrom("1", "true", "10.1.0.9", "a/b"))), {
    maxLength: 5,
  }).map((pairs) => pairs.map((pair) => pair.join("=")).join(";")),
  anyText,
);
const id = fc.oneof(fc.constantFrom("c1", "eth0", "a/b", ".", "..", "-", "x".repeat(300)), anyText);
const command = fc.oneof({
  weight: 6,
  arbitrary: fc.constantFrom<Command>("ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"),
}, anyText);
const environment = fc.record({
  CNI_COMMAND: command,
  CNI_CONTAINERID: id,
  CNI_IFNAME: id,
  CNI_NETNS: anyText,
  CNI_ARGS: args,
  CNI_PATH: anyText,
}, { requiredKeys: [] });

function read(variables: Readonly<Record<string, string>>): void {
  try {
    parseEnvironment((name) => variables[name]);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    assertEquals(error.code, 4);
  }
}

Deno.test("CNI_ARGS of the corpus are read, or refused with 4", () => {
  for (const { text } of corpus("args")) {
    read({
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/n",
      CNI_ARGS: text,
    });
    readArgs(text);
  }
});

Deno.test("any variables are read, or refused with 4", () =>
  fuzz(fc.property(environment, (variables) => read(variables)), 400));

Deno.test("DEL reads any CNI_ARGS, as what ADD refused must be removed", () =>
  fuzz(fc.property(args, (text) => void readArgs(text)), 200));

Deno.test("any resolv.conf is read", () =>
  fuzz(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom("nameserver", "search", "domain", "options", "#", ""), anyText),
      ),
      (lines) => {
        throwsOnly(() => parseResolvConf(lines.map((line) => line.join(" ")).join("\n")), CniError);
      },
    ),
    100,
  ));
