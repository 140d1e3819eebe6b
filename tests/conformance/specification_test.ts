/**
 * The CNI specification, version 1.1.0, as far as it binds an IPAM plugin and can be seen on the
 * pure parts: one test for each rule and each protocol version.
 *
 * One long file, in the order of the specification, so that the two can be read side by side.
 *
 * @see https://www.cni.dev/docs/spec/
 * @module
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Command, type Invocation, parseEnvironment } from "../../lib/cni/environment.ts";
import { CniError, CODES, formatError } from "../../lib/cni/errors.ts";
import { checkNetworkName } from "../../lib/cni/identifiers.ts";
import { parsePrevResult } from "../../lib/cni/prev_result.ts";
import { formatResult, type IpamResult } from "../../lib/cni/result.ts";
import { parseValidAttachments } from "../../lib/cni/valid_attachments.ts";
import {
  atLeast,
  checkVerb,
  type CniVersion,
  formatVersions,
  parseVersion,
  VERSIONS,
} from "../../lib/cni/version.ts";
import { parseAddr } from "../../lib/net/addr.ts";
import { parsePrefix } from "../../lib/net/prefix.ts";

const COMMANDS: readonly Command[] = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"];
const FAMILIES = ["ip4", "ip6"] as const;

/** One test for each version that the rule is about. */
function each(
  name: string,
  run: (version: CniVersion) => void,
  versions: readonly CniVersion[] = VERSIONS,
): void {
  for (const version of versions) Deno.test(`${version}: ${name}`, () => run(version));
}

function from(least: CniVersion): readonly CniVersion[] {
  return VERSIONS.filter((version) => atLeast(version, least));
}

function before(least: CniVersion): readonly CniVersion[] {
  return VERSIONS.filter((version) => !atLeast(version, least));
}

/** The commands that a runtime speaking this version may send, for one attachment or for all. */
function commandsOf(version: CniVersion): readonly Command[] {
  return COMMANDS.filter((command) => {
    if (command === "CHECK") return atLeast(version, "0.4.0");
    return command !== "GC" && command !== "STATUS" || atLeast(version, "1.1.0");
  });
}

function call(command: Command, change: Readonly<Record<string, string>> = {}): Invocation {
  const env = new Map(Object.entries({
    CNI_COMMAND: command,
    CNI_CONTAINERID: "c1",
    CNI_NETNS: "/run/netns/blue",
    CNI_IFNAME: "eth0",
    ...change,
  }));
  return parseEnvironment((name) => env.get(name));
}

function refusal(run: () => unknown, code: number): CniError {
  const error = assertThrows(run, CniError);
  assertEquals(error.code, code);
  return error;
}

const DUAL: IpamResult = {
  ips: [
    { addr: parseAddr("10.1.0.5"), prefixLength: 16, gateway: parseAddr("10.1.0.1") },
    { addr: parseAddr("fd00::5"), prefixLength: 64 },
  ],
  routes: [
    { dst: parsePrefix("0.0.0.0/0"), gw: parseAddr("10.1.0.1"), mtu: 1400, scope: 0 },
    { dst: parsePrefix("::/0") },
  ],
  dns: { nameservers: ["10.1.0.53"], domain: "a", search: ["b"], options: ["c"] },
};

type Json = Readonly<Record<string, unknown>>;

function print(version: CniVersion, change: Partial<IpamResult> = {}): Json {
  return JSON.parse(formatResult({ ...DUAL, ...change }, version));
}

/** The addresses of a printed result, wherever the version has them. */
function addressesOf(result: Json): readonly unknown[] {
  if (Array.isArray(result["ips"])) return result["ips"].map((ip: Json) => ip["address"]);
  return FAMILIES.flatMap((family) => {
    const entry = result[family];
    return typeof entry === "object" && entry !== null && "ip" in entry ? [entry.ip] : [];
  });
}

// Section 1: network configuration format

each("parseVersion() takes the version of the configuration as it is", (version) => {
  assertEquals(parseVersion(version), version);
});

each("parseVersion() refuses a version that only looks like a known one", (version) => {
  for (const odd of [`${version}.0`, `v${version}`, version.slice(0, 3)]) {
    refusal(() => parseVersion(odd), CODES.incompatibleVersion);
  }
});

each("checkNetworkName() wants a letter or digit first", () => {
  for (const name of ["dbnet", "0", "a.b_c-d"]) assertEquals(checkNetworkName(name), name);
  for (const name of [".a", "_a", "-a"]) {
    refusal(() => checkNetworkName(name), CODES.invalidConfig);
  }
});

each("checkNetworkName() refuses what cannot stand in a file name", () => {
  for (const name of ["a/b", "a\\b", "a\u0000", "../x"]) {
    refusal(() => checkNetworkName(name), CODES.invalidConfig);
  }
});

// Section 2: parameters

each("parseEnvironment() reads each command of this version", (version) => {
  for (const command of commandsOf(version)) assertEquals(call(command).command, command);
});

each("parseEnvironment() names CNI_COMMAND when it is absent or unknown", () => {
  for (const value of ["", "UPDATE"]) {
    const error = refusal(() => call("ADD", { CNI_COMMAND: value }), CODES.badEnvironment);
    assertStringIncludes(error.message, "CNI_COMMAND");
  }
});

each("parseEnvironment() names CNI_CONTAINERID when it is empty or has other characters", (v) => {
  for (const command of commandsOf(v).filter((it) => ["ADD", "DEL", "CHECK"].includes(it))) {
    for (const value of ["", "-a", "a/b", "a b"]) {
      const error = refusal(() => call(command, { CNI_CONTAINERID: value }), CODES.badEnvironment);
      assertStringIncludes(error.message, "CNI_CONTAINERID");
    }
  }
});

each("parseEnvironment() names CNI_IFNAME when no interface can have that name", (version) => {
  for (const command of commandsOf(version).filter((it) => ["ADD", "DEL", "CHECK"].includes(it))) {
    for (const value of ["", ".", "..", "a/b", "a:b", "a b", "x".repeat(16)]) {
      const error = refusal(() => call(command, { CNI_IFNAME: value }), CODES.badEnvironment);
      assertStringIncludes(error.message, "CNI_IFNAME");
    }
  }
});

each("parseEnvironment() reads CNI_ARGS as pairs between semicolons", () => {
  const invocation = call("ADD", { CNI_ARGS: "FOO=BAR;IgnoreUnknown=1;IP=10.1.0.9;ABC=123" });
  assert(invocation.command === "ADD");
  assertEquals(invocation.args.ips, ["10.1.0.9"]);
  refusal(() => call("ADD", { CNI_ARGS: "FOO" }), CODES.badEnvironment);
});

// Section 2: which variables a command needs

each("parseEnvironment() wants container, namespace and interface for ADD, at once", () => {
  const none = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
  const { message } = refusal(() => call("ADD", none), CODES.badEnvironment);
  for (const name of Object.keys(none)) assertStringIncludes(message, name);
});

each("parseEnvironment() wants container, namespace and interface for CHECK, at once", () => {
  const none = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
  const { message } = refusal(() => call("CHECK", none), CODES.badEnvironment);
  for (const name of Object.keys(none)) assertStringIncludes(message, name);
}, from("0.4.0"));

each("parseEnvironment() wants container and interface for DEL, and no namespace", () => {
  const { message } = refusal(
    () => call("DEL", { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" }),
    CODES.badEnvironment,
  );
  assertStringIncludes(message, "CNI_CONTAINERID");
  assertStringIncludes(message, "CNI_IFNAME");
  assertEquals(message.includes("CNI_NETNS"), false);
  assertEquals(call("DEL", { CNI_NETNS: "" }).command, "DEL");
});

each("parseEnvironment() lets every command go without CNI_ARGS and CNI_PATH", (version) => {
  for (const command of commandsOf(version)) {
    assertEquals(call(command, { CNI_ARGS: "", CNI_PATH: "" }).command, command);
  }
});

each("parseEnvironment() wants no attachment where the command is about none", (version) => {
  for (const command of ["VERSION", "GC", "STATUS"] as const) {
    if (!commandsOf(version).includes(command)) continue;
    const none = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
    assertEquals<unknown>(call(command, none), { command });
  }
});

// Section 2: operations

each("checkVerb() lets every command of this version pass", (version) => {
  for (const command of commandsOf(version)) checkVerb(command, version);
});

each("checkVerb() refuses CHECK, which came with 0.4.0", (version) => {
  refusal(() => checkVerb("CHECK", version), CODES.incompatibleVersion);
}, before("0.4.0"));

each("checkVerb() refuses GC and STATUS, which came with 1.1.0", (version) => {
  refusal(() => checkVerb("GC", version), CODES.incompatibleVersion);
  refusal(() => checkVerb("STATUS", version), CODES.incompatibleVersion);
}, before("1.1.0"));

const CHECKED = { ifName: "eth0", netns: "/run/netns/blue" };

each("parsePrevResult() cannot do without the result of ADD", (version) => {
  refusal(() => parsePrevResult(undefined, { ...CHECKED, version }), CODES.invalidConfig);
});

each("parsePrevResult() finds the addresses that ADD printed", (version) => {
  const found = parsePrevResult(print(version), { ...CHECKED, version });
  assertEquals(found, DUAL.ips);
});

each("parsePrevResult() allows for what later plugins of the chain changed", (version) => {
  const { ips } = print(version);
  assert(Array.isArray(ips));
  const changed = {
    ...print(version),
    interfaces: [
      { name: "cni0", mac: "00:11:22:33:44:55" },
      { name: "eth0", sandbox: "/run/netns/blue", mtu: 1400 },
      { name: "extra0", sandbox: "/run/netns/blue" },
    ],
    ips: [
      ...ips.map((ip: Json) => ({ ...ip, interface: 1 })),
      { version: "4", address: "172.16.0.1/12", interface: 2 },
    ],
    routes: [{ dst: "192.0.2.0/24" }],
    dns: {},
  };
  assertEquals(parsePrevResult(changed, { ...CHECKED, version }), DUAL.ips);
}, from("0.4.0"));

each("CODES has the two codes of STATUS", () => {
  assertEquals([CODES.notAvailable, CODES.notAvailableLimited], [50, 51]);
}, from("1.1.0"));

each("parseValidAttachments() finds container and interface of each attachment", (version) => {
  const netconf = {
    "cniVersion": version,
    "name": "dbnet",
    "ipam": { "type": "kube-ipam" },
    "cni.dev/valid-attachments": [
      { "containerID": "c1", "ifname": "eth0" },
      { "containerID": "c1", "ifname": "net1" },
    ],
  };
  assertEquals(parseValidAttachments(netconf), [
    { containerId: "c1", ifName: "eth0" },
    { containerId: "c1", ifName: "net1" },
  ]);
}, from("1.1.0"));

each("parseValidAttachments() tells an empty list from none", (version) => {
  const netconf = { cniVersion: version, name: "dbnet" };
  assertEquals(parseValidAttachments({ ...netconf, "cni.dev/valid-attachments": [] }), []);
  refusal(() => parseValidAttachments(netconf), CODES.invalidConfig);
}, from("1.1.0"));

// Section 5: the result of ADD

each("formatResult() states the version of the configuration", (version) => {
  assertEquals(print(version)["cniVersion"], version);
});

each("formatResult() prints addresses with their prefix length", (version) => {
  assertEquals(addressesOf(print(version)), ["10.1.0.5/16", "fd00::5/64"]);
});

each("formatResult() leaves out what an IPAM plugin does not know", (version) => {
  const result = print(version);
  assertEquals("interfaces" in result, false);
  assertEquals(JSON.stringify(result).includes('"interface"'), false);
});

each("formatResult() prints a gateway only where there is one", (version) => {
  const result = print(version);
  const entries = Array.isArray(result["ips"])
    ? result["ips"]
    : FAMILIES.map((family) => result[family]);
  assertEquals(entries.map((entry: Json) => entry["gateway"]), ["10.1.0.1", undefined]);
});

each("formatResult() puts addresses and routes under their family", (version) => {
  const result = print(version);
  assertEquals(Object.keys(result), ["cniVersion", "ip4", "ip6", "dns"]);
  assertEquals(result["ip4"], {
    ip: "10.1.0.5/16",
    gateway: "10.1.0.1",
    routes: [{ dst: "0.0.0.0/0", gw: "10.1.0.1" }],
  });
  assertEquals(result["ip6"], { ip: "fd00::5/64", routes: [{ dst: "::/0" }] });
}, before("0.3.0"));

each("formatResult() puts addresses and routes into lists", (version) => {
  const result = print(version);
  assertEquals(Object.keys(result), ["cniVersion", "ips", "routes", "dns"]);
  assertEquals(result["routes"], [
    { dst: "0.0.0.0/0", gw: "10.1.0.1", mtu: 1400, scope: 0 },
    { dst: "::/0" },
  ]);
}, from("0.3.0"));

each("formatResult() states the family of an address from 0.3.0 to 0.4.0 only", (version) => {
  const ips = print(version)["ips"];
  assert(Array.isArray(ips));
  const expected = atLeast(version, "1.0.0") ? [undefined, undefined] : ["4", "6"];
  assertEquals(ips.map((ip: Json) => ip["version"]), expected);
}, from("0.3.0"));

each("formatResult() prints the fields that 1.1.0 gave to routes", (version) => {
  const fields = { mtu: 1400, advmss: 1360, priority: 0, table: 100, scope: 253 };
  const routes = [{ dst: parsePrefix("10.9.0.0/16"), ...fields }];
  assertEquals(print(version, { routes })["routes"], [{ dst: "10.9.0.0/16", ...fields }]);
}, from("1.1.0"));

each(
  "formatResult() prints all parts of the DNS settings, and nothing when there are none",
  (v) => {
    assertEquals(print(v)["dns"], DUAL.dns);
    assertEquals("dns" in print(v, { dns: {} }), false);
  },
);

// Section 5: VERSION

each("formatVersions() echoes the version on stdin and lists all that are served", (version) => {
  assertEquals(JSON.parse(formatVersions(version)), {
    cniVersion: version,
    supportedVersions: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
  });
});

// Section 5: errors

each("formatError() prints version, code, message and details", (version) => {
  const error = new CniError(CODES.invalidConfig, "Cannot read it", { details: "At line 3" });
  assertEquals(JSON.parse(formatError(error, version)), {
    cniVersion: version,
    code: 7,
    msg: "Cannot read it",
    details: "At line 3",
  });
});

each("CODES gives the reserved numbers their meaning, and begins its own at 100", () => {
  const { incompatibleVersion, unsupportedField, unknownContainer, badEnvironment } = CODES;
  assertEquals([incompatibleVersion, unsupportedField, unknownContainer, badEnvironment], [
    1,
    2,
    3,
    4,
  ]);
  const { io, decode, invalidConfig, tryAgain } = CODES;
  assertEquals([io, decode, invalidConfig, tryAgain], [5, 6, 7, 11]);
  const reserved = [1, 2, 3, 4, 5, 6, 7, 11, 50, 51];
  for (const code of Object.values(CODES)) assert(reserved.includes(code) || code >= 100);
});

each("parseVersion() tells an unknown version with code 1, and names both sides", (version) => {
  const error = refusal(() => parseVersion("9.9.9"), CODES.incompatibleVersion);
  assertStringIncludes(error.details ?? "", "9.9.9");
  assertStringIncludes(error.details ?? "", version);
});
