import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Invocation, parseEnvironment } from "../../../lib/cni/environment.ts";
import { CniError } from "../../../lib/cni/errors.ts";

const ATTACHMENT = { containerId: "c1", ifName: "eth0" };
const FULL = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/blue",
  CNI_IFNAME: "eth0",
  CNI_ARGS: "K8S_POD_NAME=web-0",
  CNI_PATH: "/opt/cni/bin",
};
const ARGS = { podName: "web-0", ips: [], gateways: [] };

function parse(env: Readonly<Record<string, string>>): Invocation {
  const variables = new Map(Object.entries(env));
  return parseEnvironment((name) => variables.get(name));
}

function refuse(env: Readonly<Record<string, string>>): CniError {
  const error = assertThrows(() => parse(env), CniError);
  assertEquals(error.code, 4);
  return error;
}

for (const command of ["ADD", "CHECK", "DEL"] as const) {
  Deno.test(`parseEnvironment() reads ${command}`, () => {
    assertEquals<unknown>(parse({ ...FULL, CNI_COMMAND: command }), {
      command,
      attachment: ATTACHMENT,
      netns: "/run/netns/blue",
      args: ARGS,
    });
  });

  Deno.test(`parseEnvironment() does without CNI_ARGS and CNI_PATH for ${command}`, () => {
    const env = { ...FULL, CNI_COMMAND: command, CNI_ARGS: "", CNI_PATH: "" };
    assertEquals<unknown>(parse(env), {
      command,
      attachment: ATTACHMENT,
      netns: "/run/netns/blue",
      args: { ips: [], gateways: [] },
    });
  });

  Deno.test(`parseEnvironment() trims the identifiers of ${command}`, () => {
    const env = { ...FULL, CNI_COMMAND: command, CNI_CONTAINERID: " c1\n", CNI_IFNAME: "\teth0 " };
    const invocation = parse(env);
    assertEquals("attachment" in invocation ? invocation.attachment : undefined, ATTACHMENT);
  });

  Deno.test(`parseEnvironment() refuses a bad identifier of ${command}`, () => {
    const env = { ...FULL, CNI_COMMAND: command };
    assertStringIncludes(refuse({ ...env, CNI_CONTAINERID: "a/b" }).message, "CNI_CONTAINERID");
    assertStringIncludes(refuse({ ...env, CNI_IFNAME: "a b" }).message, "CNI_IFNAME");
  });
}

for (const command of ["ADD", "CHECK"]) {
  Deno.test(`parseEnvironment() names every variable that ${command} misses`, () => {
    assertEquals(
      refuse({ CNI_COMMAND: command }).message,
      "Missing environment variables CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME",
    );
    assertEquals(
      refuse({ ...FULL, CNI_COMMAND: command, CNI_CONTAINERID: " ", CNI_IFNAME: "" }).message,
      "Missing environment variables CNI_CONTAINERID, CNI_IFNAME",
    );
    assertEquals(
      refuse({ ...FULL, CNI_COMMAND: command, CNI_NETNS: "" }).message,
      "Missing environment variable CNI_NETNS",
    );
  });

  Deno.test(`parseEnvironment() refuses unreadable CNI_ARGS of ${command}`, () => {
    assertStringIncludes(
      refuse({ ...FULL, CNI_COMMAND: command, CNI_ARGS: "oops" }).message,
      "CNI_ARGS",
    );
  });
}

Deno.test("parseEnvironment() names every variable that DEL misses, and CNI_NETNS is none of them", () => {
  assertEquals(
    refuse({ CNI_COMMAND: "DEL" }).message,
    "Missing environment variables CNI_CONTAINERID, CNI_IFNAME",
  );
});

Deno.test("parseEnvironment() lets DEL go without a network namespace", () => {
  for (const netns of [{}, { CNI_NETNS: "" }]) {
    const env = { CNI_COMMAND: "DEL", CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0", ...netns };
    assertEquals<unknown>(parse(env), {
      command: "DEL",
      attachment: ATTACHMENT,
      netns: undefined,
      args: { ips: [], gateways: [] },
    });
  }
});

Deno.test("parseEnvironment() lets DEL go with what it can read of CNI_ARGS", () => {
  const invocation = parse({
    ...FULL,
    CNI_COMMAND: "DEL",
    CNI_ARGS: "oops;A=b;K8S_POD_NAME=web-0",
  });
  assertEquals("args" in invocation ? invocation.args : undefined, ARGS);
});

for (const command of ["GC", "STATUS", "VERSION"] as const) {
  Deno.test(`parseEnvironment() asks nothing else of ${command}`, () => {
    assertEquals<unknown>(parse({ CNI_COMMAND: command }), { command });
    assertEquals<unknown>(parse({ ...FULL, CNI_IFNAME: "a b", CNI_COMMAND: command }), { command });
  });
}

Deno.test("parseEnvironment() says that CNI_COMMAND is missing, and nothing more", () => {
  for (const env of [{}, { CNI_COMMAND: "" }]) {
    assertEquals(refuse(env).message, "Missing environment variable CNI_COMMAND");
  }
});

for (const command of ["add", "UPDATE", " ADD", "toString"]) {
  Deno.test(`parseEnvironment() refuses the command ${command}`, () => {
    const error = refuse({ ...FULL, CNI_COMMAND: command });
    assertEquals(error.message, "Unknown CNI_COMMAND");
    assertStringIncludes(error.details ?? "", JSON.stringify(command));
  });
}
