import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseArgs, readArgs } from "../../../lib/cni/args.ts";
import { CniError } from "../../../lib/cni/errors.ts";

const NOTHING = { ips: [], gateways: [] };

for (const text of [undefined, "", ";"]) {
  Deno.test(`parseArgs() reads nothing from ${JSON.stringify(text)}`, () => {
    assertEquals(parseArgs(text), NOTHING);
  });
}

Deno.test("parseArgs() reads what Kubernetes runtimes send", () => {
  const text = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;" +
    "K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=1-2-3;SOMETHING=else";
  assertEquals(parseArgs(text), {
    podNamespace: "shop",
    podName: "web-0",
    podUid: "1-2-3",
    infraContainerId: "abc",
    ips: [],
    gateways: [],
  });
});

Deno.test("parseArgs() takes empty values for absent ones", () => {
  const text = "IgnoreUnknown=;K8S_POD_NAMESPACE=;K8S_POD_NAME=;K8S_POD_UID=;" +
    "K8S_POD_INFRA_CONTAINER_ID=;IP=;GATEWAY=;MAC=";
  assertEquals(parseArgs(text), NOTHING);
});

Deno.test("parseArgs() splits IP and GATEWAY at commas and trims the parts", () => {
  assertEquals(parseArgs("IP=10.0.0.5/24, fd00::5;GATEWAY=10.0.0.1,,fd00::1,"), {
    ips: ["10.0.0.5/24", "fd00::5"],
    gateways: ["10.0.0.1", "fd00::1"],
  });
});

Deno.test("parseArgs() accepts MAC and does not use it", () => {
  assertEquals(parseArgs("MAC=c2:11:22:33:44:55"), NOTHING);
});

Deno.test("parseArgs() lets the last of a repeated key win", () => {
  assertEquals(parseArgs("K8S_POD_NAME=a;IP=10.0.0.1;K8S_POD_NAME=b;IP=10.0.0.2"), {
    podName: "b",
    ips: ["10.0.0.2"],
    gateways: [],
  });
  assertThrows(() => parseArgs("IgnoreUnknown=1;A=b;IgnoreUnknown=0"), CniError);
});

Deno.test("parseArgs() tolerates one semicolon at the end, and no more", () => {
  assertEquals(parseArgs("K8S_POD_NAME=a;").podName, "a");
  assertThrows(() => parseArgs("K8S_POD_NAME=a;;"), CniError);
  assertThrows(() => parseArgs(";K8S_POD_NAME=a"), CniError);
});

for (const yes of ["1", "t", "T", "TRUE", "true", "True"]) {
  Deno.test(`parseArgs() ignores unknown keys with IgnoreUnknown=${yes}, wherever it stands`, () => {
    assertEquals(parseArgs(`A=b;IgnoreUnknown=${yes}`), NOTHING);
  });
}

for (const no of ["0", "f", "F", "FALSE", "false", "False", ""]) {
  Deno.test(`parseArgs() refuses unknown keys with IgnoreUnknown=${no}`, () => {
    const error = assertThrows(
      () => parseArgs(`IgnoreUnknown=${no};A=b;C=d`),
      CniError,
      "CNI_ARGS",
    );
    assertEquals(error.code, 4);
    assertStringIncludes(error.details ?? "", '"A", "C"');
    assertEquals(parseArgs(`IgnoreUnknown=${no}`), NOTHING);
  });
}

for (const odd of ["yes", "tRUE", "2", " 1", "on"]) {
  Deno.test(`parseArgs() refuses IgnoreUnknown=${odd}`, () => {
    const error = assertThrows(() => parseArgs(`IgnoreUnknown=${odd}`), CniError, "CNI_ARGS");
    assertEquals(error.code, 4);
    assertStringIncludes(error.details ?? "", JSON.stringify(odd));
  });
}

Deno.test("parseArgs() refuses an unknown key without IgnoreUnknown, names of object members too", () => {
  for (const key of ["A", "ip", "Ip", " IP", "constructor", "__proto__"]) {
    const error = assertThrows(() => parseArgs(`${key}=b`), CniError, "CNI_ARGS");
    assertEquals(error.code, 4);
  }
});

for (const pair of ["K8S_POD_NAME", "=x", "=", "IP=1=2", "A=b,C=d=e"]) {
  Deno.test(`parseArgs() refuses the pair ${pair}, with IgnoreUnknown too`, () => {
    const error = assertThrows(() => parseArgs(`IgnoreUnknown=1;${pair}`), CniError, "CNI_ARGS");
    assertEquals(error.code, 4);
    assertStringIncludes(error.details ?? "", JSON.stringify(pair));
  });
}

Deno.test("parseArgs() names every problem at once", () => {
  const error = assertThrows(() => parseArgs("oops;IgnoreUnknown=maybe;A=b"), CniError);
  for (const part of ["oops", "maybe", '"A"']) assertStringIncludes(error.details ?? "", part);
});

Deno.test("readArgs() keeps what it could read", () => {
  const { args, problems } = readArgs("oops;A=b;K8S_POD_NAME=web-0;IP=10.0.0.5");
  assertEquals(args, { podName: "web-0", ips: ["10.0.0.5"], gateways: [] });
  assertEquals(problems.length, 2);
});

Deno.test("parseArgs() throws nothing but code 4", () => {
  const piece = fc.constantFrom("IP", "IgnoreUnknown", "K8S_POD_NAME", "=", ";", ",", "1", "x");
  const text = fc.oneof(fc.string(), fc.array(piece).map((pieces) => pieces.join("")));
  fc.assert(fc.property(text, (value) => {
    try {
      parseArgs(value);
    } catch (error) {
      if (!(error instanceof CniError) || error.code !== 4) throw error;
    }
  }));
});
