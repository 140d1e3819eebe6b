import { assert, assertEquals, assertThrows } from "@std/assert";
import { KubeError } from "../../../../lib/kube/api.ts";
import { type Access, readAccess } from "../../../../lib/kube/kubeconfig/kubeconfig.ts";

const FILE = "/etc/kube-ipam/kubeconfig";
const SECRET = "s3cret-Zm9vYmFyYmF6";

type Fields = Record<string, unknown>;

/** A kubeconfig of one context, as an administrator writes it. */
function kubeconfig(change: { cluster?: Fields; user?: Fields; top?: Fields } = {}): Fields {
  const { cluster = {}, user = { token: SECRET }, top = {} } = change;
  return {
    apiVersion: "v1",
    kind: "Config",
    preferences: null,
    clusters: [
      { name: "other", cluster: { server: "https://other" } },
      { name: "main", cluster: { server: "https://10.0.0.1:6443", ...cluster } },
    ],
    users: [{ name: "node", user }],
    contexts: [{ name: "here", context: { cluster: "main", user: "node" } }],
    "current-context": "here",
    ...top,
  };
}

function read(change?: Parameters<typeof kubeconfig>[0]): Access {
  return readAccess(kubeconfig(change), FILE);
}

Deno.test("readAccess() follows the current context to its cluster and user", () => {
  assertEquals(read(), {
    server: "https://10.0.0.1:6443",
    ca: undefined,
    serverName: undefined,
    insecure: false,
    proxy: undefined,
    pair: undefined,
    token: { kind: "text", setting: "users[0].user.token", text: SECRET },
    file: FILE,
    warnings: [],
  });
});

Deno.test("readAccess() takes a kubeconfig without kind and version, as kubectl does", () => {
  const { kind: _, apiVersion: __, ...rest } = kubeconfig();
  assertEquals(readAccess(rest, FILE), read());
});

Deno.test("readAccess() keeps the path prefix of a server", () => {
  const cases: readonly [server: string, seen: string][] = [
    ["https://host", "https://host"],
    ["https://host/", "https://host"],
    ["https://host:443/", "https://host"],
    ["https://HOST/k8s/clusters/c-x", "https://host/k8s/clusters/c-x"],
    ["https://host/k8s/clusters/c-x//", "https://host/k8s/clusters/c-x"],
    ["http://[::1]:8080", "http://[::1]:8080"],
  ];
  for (const [server, seen] of cases) assertEquals(read({ cluster: { server } }).server, seen);
});

Deno.test("readAccess() prefers data to files, and finds files from its own folder", () => {
  const data = { "certificate-authority-data": btoa("CA") };
  const files = { "certificate-authority": "pki/ca.pem" };
  const setting = "clusters[1].cluster.certificate-authority";
  assertEquals(read({ cluster: { ...data, ...files } }).ca, {
    kind: "text",
    setting: `${setting}-data`,
    text: "CA",
  });
  assertEquals(read({ cluster: files }).ca, {
    kind: "file",
    setting,
    path: "/etc/kube-ipam/pki/ca.pem",
  });
  const user = { "client-certificate": "/a/cert.pem", "client-key": "../key.pem" };
  assertEquals(read({ user }).pair, {
    cert: { kind: "file", setting: "users[0].user.client-certificate", path: "/a/cert.pem" },
    key: { kind: "file", setting: "users[0].user.client-key", path: "/etc/kube-ipam/../key.pem" },
  });
  const relative = readAccess(kubeconfig({ cluster: files }), "kubeconfig").ca;
  assertEquals(relative, { kind: "file", setting, path: "pki/ca.pem" });
});

Deno.test("readAccess() prefers tokenFile to token", () => {
  assertEquals(read({ user: { token: SECRET, tokenFile: "token" } }).token, {
    kind: "file",
    setting: "users[0].user.tokenFile",
    path: "/etc/kube-ipam/token",
  });
});

Deno.test("readAccess() takes an empty field as absent", () => {
  const user = { token: "", tokenFile: "", "client-key-data": "", username: "", as: "" };
  const cluster = { "certificate-authority-data": "", "tls-server-name": "", "proxy-url": "" };
  const { ca, pair, token, serverName, proxy } = read({ user, cluster });
  assertEquals([ca, pair, token, serverName, proxy], [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("readAccess() asks for another name only where it differs from the host", () => {
  const cases: readonly [server: string, name: string, seen: string | undefined][] = [
    ["https://10.0.0.1", "kubernetes.default", "kubernetes.default"],
    ["https://api.example", "API.example", undefined],
    ["http://10.0.0.1", "kubernetes.default", undefined],
  ];
  for (const [server, name, seen] of cases) {
    assertEquals(read({ cluster: { server, "tls-server-name": name } }).serverName, seen);
  }
});

Deno.test("readAccess() takes a proxy, and its password out of its URL", () => {
  const cases: readonly [url: string, seen: Access["proxy"]][] = [
    ["http://proxy:3128", { url: "http://proxy:3128/", basicAuth: undefined }],
    ["https://proxy", { url: "https://proxy/", basicAuth: undefined }],
    ["socks5://proxy:1080", { url: "socks5://proxy:1080", basicAuth: undefined }],
    ["http://u:p%40@proxy", {
      url: "http://proxy/",
      basicAuth: { username: "u", password: "p@" },
    }],
    ["http://u:p%ff@proxy", {
      url: "http://proxy/",
      basicAuth: { username: "u", password: "p%ff" },
    }],
  ];
  for (const [url, seen] of cases) {
    assertEquals(read({ cluster: { "proxy-url": url } }).proxy, seen);
  }
});

Deno.test("readAccess() warns of what lets others read the token", () => {
  const cases: readonly [change: Parameters<typeof kubeconfig>[0], warning: RegExp | undefined][] =
    [
      [{ cluster: { "insecure-skip-tls-verify": true } }, /insecure-skip-tls-verify/],
      [
        { cluster: { server: "http://10.0.0.1", "insecure-skip-tls-verify": true } },
        /reads the token/,
      ],
      [{ cluster: { server: "http://10.0.0.1" } }, /http:\/\//],
      [{ cluster: { server: "http://10.0.0.1" }, user: {} }, undefined],
      [
        {
          cluster: { server: "http://10.0.0.1" },
          user: { "client-certificate": "a", "client-key": "b" },
        },
        /not used/,
      ],
    ];
  for (const [change, warning] of cases) {
    const { warnings } = read(change);
    assertEquals(warnings.length, warning === undefined ? 0 : 1);
    assert(warning?.test(warnings[0] ?? "") ?? true, warnings[0]);
  }
});

const CONTEXT = { name: "here", context: { cluster: "main", user: "node" } };
const ANY = /./;

/** What is wrong, what the message names, and what the repair says. */
const WRONG: readonly [value: unknown, message: RegExp, repair: RegExp][] = [
  [undefined, /it is empty/, /annotations\.md/],
  [null, /it is empty/, /annotations\.md/],
  [[], /must be an object: current value is a list/, ANY],
  ["text", /current value is a string/, ANY],
  [kubeconfig({ top: { kind: "Pod" } }), /kind Config, v1: current value is Pod, v1/, ANY],
  [kubeconfig({ top: { apiVersion: "v2" } }), /current value is Config, v2/, ANY],
  [kubeconfig({ top: { kind: 1 } }), /kind must be a string: current value is a number/, ANY],
  [
    kubeconfig({ top: { "current-context": undefined } }),
    /current-context is not set/,
    /one of "here"/,
  ],
  [kubeconfig({ top: { "current-context": "" } }), /current-context is not set/, ANY],
  [
    kubeconfig({ top: { "current-context": "x" } }),
    /current-context names "x" and contexts has none/,
    /one of "here"/,
  ],
  [kubeconfig({ top: { contexts: [] } }), /contexts has none/, /there is none/],
  [
    kubeconfig({ top: { contexts: null } }),
    /contexts must be a list: current value is null/,
    /remove it/,
  ],
  [
    kubeconfig({ top: { contexts: {} } }),
    /contexts must be a list: current value is an object/,
    /dash/,
  ],
  [
    kubeconfig({ top: { contexts: [1] } }),
    /contexts\[0\] must be an object: current value is a number/,
    ANY,
  ],
  [
    kubeconfig({ top: { contexts: [CONTEXT, CONTEXT] } }),
    /contexts has two/,
    /contexts\[0\] or contexts\[1\]/,
  ],
  [
    kubeconfig({ top: { contexts: [{ name: "here" }] } }),
    /contexts\[0\]\.context must be an object: current value is absent/,
    ANY,
  ],
  [
    kubeconfig({ top: { contexts: [{ name: "here", context: {} }] } }),
    /contexts\[0\]\.context\.cluster is not set/,
    /one of "other", "main"/,
  ],
  [
    kubeconfig({ top: { contexts: [{ name: "here", context: { cluster: "x" } }] } }),
    /context\.cluster names "x" and clusters has none/,
    /"main"/,
  ],
  [
    kubeconfig({ top: { contexts: [{ name: "here", context: { cluster: "main" } }] } }),
    /contexts\[0\]\.context\.user is not set/,
    /one of "node"/,
  ],
  [
    kubeconfig({ top: { contexts: [{ name: "here", context: { cluster: "main", user: "x" } }] } }),
    /context\.user names "x" and users has none/,
    /"node"/,
  ],
  [kubeconfig({ top: { clusters: "x" } }), /clusters must be a list/, ANY],
  [
    kubeconfig({ top: { clusters: [{ name: "main", cluster: null }] } }),
    /clusters\[0\]\.cluster must be an object: current value is null/,
    ANY,
  ],
  [kubeconfig({ top: { users: [{ name: "node" }] } }), /users\[0\]\.user must be an object/, ANY],
  [
    kubeconfig({ cluster: { server: undefined } }),
    /clusters\[1\]\.cluster\.server is not set/,
    /https:\/\/10\.0\.0\.1:6443/,
  ],
  [
    kubeconfig({ cluster: { server: 6443 } }),
    /server must be a string: current value is a number/,
    /quotes/,
  ],
  [kubeconfig({ cluster: { server: "10.0.0.1:6443" } }), /it is not a URL/, /https:/],
  [kubeconfig({ cluster: { server: "localhost:6443" } }), /of another scheme/, /https:/],
  [kubeconfig({ cluster: { server: `https://a:${SECRET}@host` } }), /a user or a password/, ANY],
  [kubeconfig({ cluster: { server: `https://host/?token=${SECRET}` } }), /a query/, ANY],
  [
    kubeconfig({ cluster: { "insecure-skip-tls-verify": "true" } }),
    /insecure-skip-tls-verify must be true or false: current value is a string/,
    /without quotes/,
  ],
  [kubeconfig({ cluster: { "insecure-skip-tls-verify": null } }), /current value is null/, ANY],
  [
    kubeconfig({ cluster: { "insecure-skip-tls-verify": true, "certificate-authority": "ca" } }),
    /exclude one another/,
    /Remove clusters\[1\]\.cluster\.insecure/,
  ],
  [
    kubeconfig({ cluster: { "certificate-authority-data": "%%%" } }),
    /certificate-authority-data is not base64/,
    /base64 -w0/,
  ],
  [
    kubeconfig({ cluster: { "certificate-authority": ["a"] } }),
    /certificate-authority must be a string: current value is a list/,
    ANY,
  ],
  [kubeconfig({ cluster: { "proxy-url": "ftp://proxy" } }), /proxy-url must be/, ANY],
  [kubeconfig({ cluster: { "proxy-url": `${SECRET}` } }), /proxy-url must be/, /3128/],
  [
    kubeconfig({ cluster: { "proxy-url": "http://p", "tls-server-name": "x" } }),
    /tls-server-name is not supported together with proxy-url/,
    ANY,
  ],
  [
    kubeconfig({ cluster: { "proxy-url": "http://p", "insecure-skip-tls-verify": true } }),
    /insecure-skip-tls-verify is not supported together/,
    ANY,
  ],
  [
    kubeconfig({ user: { token: 12345 } }),
    /users\[0\]\.user\.token must be a string: current value is a number/,
    /double quotes/,
  ],
  [
    kubeconfig({ user: { token: null } }),
    /token must be a string: current value is null/,
    /remove it/,
  ],
  [
    kubeconfig({ user: { "client-key-data": `${SECRET}!` } }),
    /users\[0\]\.user\.client-key-data is not base64/,
    ANY,
  ],
  [
    kubeconfig({ user: { "client-certificate": "a" } }),
    /client-certificate stands there and users\[0\]\.user\.client-key does not/,
    /client-key-data/,
  ],
  [
    kubeconfig({ user: { "client-key-data": btoa(SECRET) } }),
    /client-key-data stands there and users\[0\]\.user\.client-certificate/,
    ANY,
  ],
  ...["exec", "auth-provider"].map((key): (typeof WRONG)[number] => [
    kubeconfig({ user: { [key]: { command: SECRET }, token: SECRET } }),
    new RegExp(`users\\[0\\]\\.user\\.${key} is not supported`),
    /token, a tokenFile or a client certificate.*annotations\.md/,
  ]),
  ...["username", "password", "as", "as-uid", "as-groups", "as-user-extra"].map((
    key,
  ): (typeof WRONG)[number] => [
    kubeconfig({ user: { [key]: SECRET } }),
    new RegExp(`\\.${key} is not supported`),
    /token/,
  ]),
];

Deno.test("readAccess() names what is wrong by its path, with the repair and no secret", () => {
  for (const [value, message, repair] of WRONG) {
    const error = assertThrows(() => readAccess(value, FILE), KubeError);
    assertEquals(error.kind, "misconfigured");
    assert(message.test(error.message), `${error.message} is not ${message}`);
    assert(repair.test(error.repair), `${error.repair} is not ${repair}`);
    assert(error.message.includes(FILE), error.message);
    assert(!`${error.message} ${error.repair}`.includes(SECRET.slice(0, 6)), error.message);
  }
});
