import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { KubeError } from "../../../lib/kube/api.ts";
import { openKube } from "../../../lib/kube/open.ts";
import { DEFAULT_KUBECONFIG } from "../../../lib/config/defaults.ts";
import { type KubeconfigOptions, writeKubeconfig } from "./kubeconfig/_kubeconfig.ts";

const SERVER = "https://127.0.0.1:1/prefix";

async function withFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kube-ipam-kube-" });
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function assertFails(
  opening: Promise<unknown>,
  expected: { readonly message: RegExp; readonly repair: RegExp },
): Promise<void> {
  const { message, repair, kind } = await assertRejects(() => opening, KubeError);
  assertEquals(kind, "misconfigured");
  assert(expected.message.test(message), `${message} is not ${expected.message}`);
  assert(expected.repair.test(repair), `${repair} is not ${expected.repair}`);
  assert(!`${message} ${repair}`.includes("s3cret"), message);
}

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("openKube() names a server without an authority by its URL, and connects to nobody", async () => {
  await withFolder(async (folder) => {
    const named = "https://api.example:6443";
    const file = writeKubeconfig(folder, { server: `${named}/`, user: { token: "t" } });
    await using api = await openKube(file);
    assertEquals(api.server, named);
    assertEquals(api.authorities, [await sha256(named)]);
    assertEquals(api.warnings, []);
  });
});

Deno.test("openKube() gives no authority to a name that means another API elsewhere", async () => {
  await withFolder(async (folder) => {
    for (
      const server of [
        "https://127.0.0.1:6443",
        "https://localhost:6443",
        "https://[::1]:6443",
        "https://kubernetes.default.svc",
      ]
    ) {
      const file = writeKubeconfig(folder, { server, user: { token: "t" } });
      await using api = await openKube(file);
      assertEquals(api.authorities, []);
      assertEquals(api.warnings.length, 1);
      assertMatch(api.warnings[0] ?? "", /certificate-authority/);
    }
  });
});

Deno.test("openKube() tells a missing file from one that cannot be read", async () => {
  await withFolder(async (folder) => {
    await assertFails(openKube(`${folder}/none`), {
      message: /none": current error is no such file/,
      repair: /Correct ipam\.kubeConfig, or install the file/,
    });
    await assertFails(openKube(folder), {
      message: /current error is a directory/,
      repair: /Correct ipam\.kubeConfig: it must name a file, or set annotations: "off"/,
    });
  });
});

Deno.test({
  name: "openKube() says what to set where the default file is missing",
  ignore: await exists(DEFAULT_KUBECONFIG),
  fn: async () => {
    await assertFails(openKube(DEFAULT_KUBECONFIG), {
      message: /no such file/,
      repair: /^Set ipam\.kubeConfig or annotations: "off"$/,
    });
  },
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test({
  name: "openKube() names the folders where a file may be",
  permissions: { read: false },
  fn: async () => {
    await assertFails(openKube("/var/lib/kubelet/kubeconfig"), {
      message: /outside the permissions/,
      repair: /Keep the file of ipam\.kubeConfig where .* below \/etc\/kubernetes/,
    });
  },
});

Deno.test("openKube() says where a kubeconfig is no YAML", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/kubeconfig`;
    await Deno.writeTextFile(file, "users:\n- token: s3cret: x\n");
    await assertFails(openKube(file), { message: /line 2, column \d+: bad/, repair: /YAML/ });
    await Deno.writeTextFile(file, "");
    await assertFails(openKube(file), { message: /it is empty/, repair: /annotations\.md/ });
  });
});

Deno.test("openKube() names a token or certificate that cannot be used, and the kubeconfig", async () => {
  await withFolder(async (folder) => {
    const write = (name: string, text: string): string => {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
      return name;
    };
    const empty = write("empty", "\n");
    const words = write("words", "s3cret and more\n");
    const garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const noKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    const pair = { "client-certificate-data": btoa(garbage), "client-key-data": btoa(noKey) };
    const cases: readonly [Partial<KubeconfigOptions>, message: RegExp, repair: RegExp][] = [
      [
        { user: { tokenFile: "none" } },
        /none" of users\[0\]\.user\.tokenFile: .*no such file/,
        /install/,
      ],
      [{ user: { tokenFile: empty } }, /as a token: it is empty/, /tokenFile/],
      [{ user: { tokenFile: words } }, /as a token: it holds a space/, /tokenFile/],
      [
        { user: { token: "s3cret\u00e9" } },
        /Cannot use users\[0\]\.user\.token as a token/,
        /token/,
      ],
      [
        { cluster: { "certificate-authority": "none" } },
        /certificate-authority: .*no such file/,
        /install/,
      ],
      [{ cluster: { "certificate-authority": words } }, /as PEM: no PEM block/, /PEM file/],
      [
        { cluster: { "certificate-authority-data": btoa("s3cret") } },
        /certificate-authority-data as PEM/,
        /base64 of a PEM/,
      ],
      [
        {
          cluster: {
            "certificate-authority-data": btoa(garbage.replaceAll("CERT", "TRUSTED CERT")),
          },
        },
        /no block "CERTIFICATE"/,
        /base64/,
      ],
      [
        { cluster: { "certificate-authority-data": btoa(noKey) } },
        /no block "CERTIFICATE"/,
        /base64/,
      ],
      [
        { cluster: { "certificate-authority-data": btoa(garbage) } },
        /Cannot use the certificates/,
        /certificate-authority/,
      ],
      [
        {
          cluster: {
            "certificate-authority-data": btoa(garbage),
            "tls-server-name": "api.example",
          },
        },
        /Cannot use the certificates/,
        /certificate-authority/,
      ],
      [{ user: pair }, /client-certificate-data as PEM: certificate is malformed/, /base64/],
    ];
    for (const [change, message, repair] of cases) {
      const file = writeKubeconfig(folder, { server: SERVER, ...change });
      await assertFails(openKube(file), { message, repair });
      await assertFails(openKube(file), { message: new RegExp(file), repair });
    }
  });
});

Deno.test("openKube() reads a token file anew each time", async () => {
  await withFolder(async (folder) => {
    const seen: (string | null)[] = [];
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => {
        seen.push(request.headers.get("authorization"));
        return new Response("", { status: 503 });
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    const file = writeKubeconfig(folder, {
      server: url,
      user: { token: "old", tokenFile: "token" },
    });
    for (const token of ["one", "two\n"]) {
      await Deno.writeTextFile(`${folder}/token`, token);
      await using api = await openKube(file);
      assertEquals(api.warnings.length, 2, "plain http, and no authority");
      const pod = { namespace: "default", name: "web" };
      const signal = AbortSignal.timeout(5000);
      await assertRejects(() => api.getPod(pod, { signal }), KubeError);
    }
    assertEquals(seen, ["Bearer one", "Bearer two"]);
  });
});
