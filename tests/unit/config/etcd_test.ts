import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { loadIpam, mistakesOf } from "./_load.ts";

const URL_ = "https://192.168.1.50:2379";

function etcd(
  etcdConfig: Readonly<Record<string, unknown>>,
  rest = {},
): ReturnType<typeof loadIpam> {
  return loadIpam({ subnet: "10.1.0.0/24", etcdConfig, ...rest });
}

function endpoints(etcdURL: unknown, rest = {}): readonly string[] {
  const { datastore } = etcd({ etcdURL, ...rest });
  return datastore.kind === "etcd" ? datastore.endpoints : [];
}

for (
  const [etcdURL, expected] of [
    [URL_, [URL_]],
    ["https://a:2379, https://b:2379 ,https://c:2379,", [
      "https://a:2379",
      "https://b:2379",
      "https://c:2379",
    ]],
    [["https://a:2379", " https://b:2379,https://a:2379"], ["https://a:2379", "https://b:2379"]],
    ["HTTPS://Etcd-0.Example:2379/", ["https://etcd-0.example:2379"]],
    ["https://etcd", ["https://etcd:2379"]],
    ["https://etcd:443", ["https://etcd:443"]],
    ["http://etcd:80", ["http://etcd:80"]],
    ["https://[2001:DB8:0::1]:2379", ["https://[2001:db8::1]:2379"]],
    ["https://etcd_1.svc.", ["https://etcd_1.svc.:2379"]],
  ] as const
) {
  Deno.test(`etcdURL ${JSON.stringify(etcdURL)} is read`, () =>
    assertEquals(endpoints(etcdURL), [...expected]));
}

for (
  const [etcdURL, expected] of [
    [undefined, /etcdURL: is missing: Write/],
    [null, /etcdURL: is missing/],
    ["", /etcdURL: is empty/],
    [" , ", /etcdURL: is empty/],
    [[], /etcdURL: is empty/],
    [5, /is neither a text nor a list of texts/],
    [["https://a", 5], /is neither a text nor a list of texts/],
    ["ftp://a:2379", /"ftp:\/\/a:2379" has the scheme ftp/],
    ["unix:///run/etcd.sock", /has the scheme unix/],
    ["https://a:2379/v3", /has more than scheme, host and port/],
    ["https://a:2379?x=1", /has more than scheme, host and port/],
    ["https://a:2379#x", /has more than scheme, host and port/],
    ["https://a:0", /has the port "0"/],
    ["https://a:65536", /has the port "65536"/],
    ["https://a:", /has the port ""/],
    ["https://a:http", /has the port "http"/],
    ["https://::1:2379", /has an IPv6 address without brackets/],
    ["https://[::1", /no host and port|IPv6/],
    ["https://[10.0.0.1]:2379", /brackets around an IPv4 address/],
    ["https://[::g]:2379", /has no valid host/],
    ["https://10.0.0.256:2379", /has no valid host/],
    ["https://:2379", /has the host ""/],
    ["https://-a:2379", /has the host "-a"/],
    ["https://a b:2379", /has the host "a b"/],
    ["http://a:2379,https://b:2379", /http and https are mixed/],
    ["a:2379,https://b:2379", /http and https are mixed/],
  ] as const
) {
  Deno.test(`etcdURL ${JSON.stringify(etcdURL)} is refused`, () => {
    const lines = mistakesOf(() => endpoints(etcdURL));
    assertEquals(lines.length, 2, lines.join("\n"));
    assertMatch(lines[1] ?? "", expected);
  });
}

Deno.test("etcdURL with a user is refused without showing it", () => {
  for (
    const etcdURL of ["https://root:hunter2@a:2379", "https://root:hun,ter2@a", "root:hunter2@a"]
  ) {
    const [, line = ""] = mistakesOf(() => endpoints(etcdURL));
    assertMatch(line, /etcdUsername/);
    assertNotMatch(line, /hunter|hun|ter2/);
  }
});

Deno.test("etcdURL without a scheme is http, or https with certificate files, with a warning", () => {
  const plain = etcd({ etcdURL: "127.0.0.1:2379" });
  assertEquals(plain.datastore.kind === "etcd" && plain.datastore.endpoints, [
    "http://127.0.0.1:2379",
  ]);
  assertMatch(plain.warnings[0] ?? "", /the scheme is missing: http:\/\/127\.0\.0\.1:2379 is used/);
  const secure = etcd({ etcdURL: "etcd:2379", etcdTrustedCAFile: "/ca.pem" });
  assertEquals(secure.datastore.kind === "etcd" && secure.datastore.endpoints, [
    "https://etcd:2379",
  ]);
});

Deno.test("etcdConfig warns of certificates and passwords over http", () => {
  const certificates = etcd({ etcdURL: "http://a:2379", etcdTrustedCAFile: "/ca.pem" });
  assertMatch(certificates.warnings[0] ?? "", /certificate files are not used over http/);
  const password = etcd({ etcdURL: "http://a:2379", etcdUsername: "u", etcdPassword: "hunter2" });
  assertMatch(password.warnings[0] ?? "", /a password goes over http/);
  assertNotMatch(password.warnings.join(), /hunter2/);
});

Deno.test("etcdConfig takes both spellings of the CA file", () => {
  for (const key of ["etcdTrustedCAFileFile", "etcdTrustedCAFile"]) {
    const { datastore } = etcd({ etcdURL: URL_, [key]: "/ca.pem" });
    assertEquals(datastore.kind === "etcd" && datastore.caFile, "/ca.pem");
  }
});

Deno.test("etcdConfig takes all of its keys", () => {
  const { datastore } = etcd({
    etcdURL: URL_,
    etcdCertFile: "/c.pem",
    etcdKeyFile: "/k.pem",
    etcdTrustedCAFileFile: "/ca.pem",
    etcdUsername: "u",
    etcdPasswordFile: "/p",
    transport: "gateway",
  });
  assertEquals(datastore, {
    kind: "etcd",
    endpoints: [URL_],
    certFile: "/c.pem",
    keyFile: "/k.pem",
    caFile: "/ca.pem",
    passwordFile: "/p",
    username: "u",
    transport: "gateway",
  });
});

for (
  const [title, config, path] of [
    ["a certificate without a key", { etcdCertFile: "/c" }, "etcdKeyFile"],
    ["a key without a certificate", { etcdKeyFile: "/k" }, "etcdCertFile"],
    ["two CA files", { etcdTrustedCAFileFile: "/a", etcdTrustedCAFile: "/b" }, "etcdTrustedCAFile"],
    ["a user without a password", { etcdUsername: "u" }, "etcdPasswordFile"],
    ["a password without a user", { etcdPassword: "p" }, "etcdUsername"],
    [
      "two passwords",
      { etcdUsername: "u", etcdPassword: "p", etcdPasswordFile: "/p" },
      "etcdPassword",
    ],
    ["a relative path", { etcdTrustedCAFile: "ca.pem" }, "etcdTrustedCAFile"],
    ["an unknown transport", { transport: "http" }, "transport"],
  ] as const
) {
  Deno.test(`etcdConfig with ${title} is refused`, () => {
    const lines = mistakesOf(() => etcd({ etcdURL: URL_, ...config }));
    assertEquals(lines.map((line) => line.split(": ")[0]), ["code 7", `ipam.etcdConfig.${path}`]);
  });
}

Deno.test("transport may stand in ipam, but not twice with two words", () => {
  const { datastore } = etcd({ etcdURL: URL_ }, { transport: "grpc" });
  assertEquals(datastore.kind === "etcd" && datastore.transport, "grpc");
  const lines = mistakesOf(() => etcd({ etcdURL: URL_, transport: "auto" }, { transport: "grpc" }));
  assertMatch(lines[1] ?? "", /^ipam\.transport: /);
});

Deno.test("etcdConfig names the key that was probably meant", () => {
  const lines = mistakesOf(() => etcd({ etcdUrl: URL_ }));
  assertEquals(
    lines[1],
    'ipam.etcdConfig.etcdURL: is missing: Rename "etcdUrl": did you mean "etcdURL"?',
  );
});
