/** Network configurations as the compile command reads them: real files, every mistake told. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BakeError } from "../../../deploy/baked.ts";
import { readNetworks } from "../../../deploy/networks.ts";

type Json = Readonly<Record<string, unknown>>;

const ETCD = { etcdConfig: { etcdURL: "http://10.0.0.1:2379" } };

function netconf(ipam: Json, top: Json = {}): Json {
  return {
    cniVersion: "1.0.0",
    name: "net",
    type: "bridge",
    ...top,
    ipam: { type: "kube-ipam", subnet: "10.1.0.0/24", ...ipam },
  };
}

/** What `kubectl config view --minify` prints: it leaves the secrets out. */
const REDACTED = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: DATA+OMITTED
    server: https://10.9.0.1:6443
  name: k
contexts:
- context: {cluster: k, user: u}
  name: c
current-context: c
kind: Config
users:
- name: u
  user:
    token: REDACTED
    client-certificate-data: DATA+OMITTED
    client-key-data: DATA+OMITTED
`;

class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "kube-ipam-networks-" });
  write(name: string, content: unknown): string {
    const path = `${this.path}/${name}`;
    const text = typeof content === "string" ? content : JSON.stringify(content);
    Deno.writeTextFileSync(path, text);
    return path;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.path, { recursive: true });
  }
}

async function refused(work: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => work, BakeError)).message;
}

Deno.test("readNetworks() reads a .conf, the plugin of a .conflist, and the kubeconfig", async () => {
  await using folder = new Folder();
  const kubeConfig = folder.write("kubeconfig", REDACTED);
  const list = {
    cniVersion: "1.0.0",
    name: "listed",
    plugins: [{ type: "portmap" }, netconf({ ...ETCD, annotations: "off" })],
  };
  const { networks, warnings } = await readNetworks([
    folder.write("a.conf", netconf({ ...ETCD, kubeConfig })),
    folder.write("b.conflist", list),
  ]);
  assertEquals(networks.map(({ config }) => config.network), ["net", "listed"]);
  assertEquals(networks.map(({ access }) => access?.server), ["https://10.9.0.1:6443", undefined]);
  assertEquals(warnings, []);
});

Deno.test("readNetworks() tells every mistake of every file, each with its path", async () => {
  await using folder = new Folder();
  const bad = folder.write(
    "bad.conf",
    netconf({ subnet: "10.1.0.0/33", rangeStart: "x", resolvConf: "rel" }),
  );
  const cut = folder.write("cut.conf", '{"a":');
  const absent = `${folder.path}/absent.conf`;
  const message = await refused(readNetworks([bad, cut, absent]));
  const lines = message.split("\n");
  assertEquals(lines[0], `Cannot use the network configuration: ${bad}:`);
  for (const path of ["ipam.subnet", "ipam.rangeStart", "ipam.resolvConf"]) {
    assert(lines.some((line) => line.startsWith(`  ${path}: `)), `${path} in ${message}`);
  }
  assert(
    lines.includes(
      `Cannot read the network configuration: ${cut}: line 1, column 6: a value is missing before the end`,
    ),
    message,
  );
  assert(
    lines.includes(
      `Cannot read the network configuration: ${absent}: there is no such file or directory`,
    ),
    message,
  );
});

Deno.test("readNetworks() wants ranges, unless they come with each call", async () => {
  await using folder = new Folder();
  const bare = netconf({ datastore: "sqlite", annotations: "off", subnet: "" });
  assert((await refused(readNetworks([folder.write("a.conf", bare)]))).includes("ipam"));
  const capabilities = { ipRanges: true };
  const capable = folder.write("b.conf", { ...bare, capabilities });
  assertEquals((await readNetworks([capable])).networks.length, 1);
});

Deno.test("readNetworks() says what to do where there is no kubeconfig, and takes a copy of it", async () => {
  await using folder = new Folder();
  const kubeConfig = "/nowhere/kubectl.kubeconfig";
  const conf = folder.write("a.conf", netconf({ ...ETCD, kubeConfig }));
  const message = await refused(readNetworks([conf]));
  assert(
    message.startsWith(
      `${conf}: Cannot read the kubeconfig "${kubeConfig}" of ipam.kubeConfig: current error is no such file. `,
    ),
    message,
  );
  for (const word of ["--kubeconfig FILE", 'ipam.annotations to "off"']) {
    assert(message.includes(word), message);
  }
  const copy = folder.write("copy", REDACTED.replace("token: REDACTED", "tokenFile: token"));
  const { networks: [network] } = await readNetworks([conf], { kubeconfig: copy });
  // Beside the kubeconfig of the node, not beside its copy.
  assertEquals(network?.access?.file, kubeConfig);
  assertEquals(network?.access?.token, {
    kind: "file",
    setting: "users[0].user.tokenFile",
    path: "/nowhere/token",
  });
});

Deno.test("readNetworks() refuses a copy of a kubeconfig that it cannot know the place of", async () => {
  await using folder = new Folder();
  const kubeconfig = folder.write("copy", REDACTED);
  const one = folder.write("a.conf", netconf({ ...ETCD, kubeConfig: "/one" }));
  const two = folder.write("b.conf", netconf({ ...ETCD, kubeConfig: "/two" }));
  const off = folder.write("c.conf", netconf({ ...ETCD, annotations: "off" }));
  assert((await refused(readNetworks([one, two], { kubeconfig }))).endsWith(" is /one, /two"));
  assert((await refused(readNetworks([off], { kubeconfig }))).endsWith(" is none"));
  assertEquals((await readNetworks([one, off], { kubeconfig })).networks.length, 2);
});

Deno.test("readNetworks() tells a kubeconfig that is wrong as the plugin does", async () => {
  await using folder = new Folder();
  const cases: readonly (readonly [string, string])[] = [
    ["users:\n- token: s3cret: x\n", "line 2, column"],
    [
      REDACTED.replace("current-context: c", "current-context: d"),
      'contexts has none of this name. Set current-context to one of "c"',
    ],
    [
      REDACTED.replace("token: REDACTED", "exec: {command: aws}"),
      "users[0].user.exec is not supported",
    ],
  ];
  for (const [text, part] of cases) {
    const kubeConfig = folder.write("kubeconfig", text);
    const message = await refused(
      readNetworks([folder.write("a.conf", netconf({ ...ETCD, kubeConfig }))]),
    );
    assert(message.includes(part), message);
    assert(!message.includes("s3cret"), message);
  }
});

Deno.test("readNetworks() asks for no kubeconfig where no pod is ever read", async () => {
  await using folder = new Folder();
  // Without a datastore a call from Kubernetes is refused before.
  for (const ipam of [{ annotations: "off", ...ETCD }, { kubeConfig: "/nowhere" }]) {
    const { networks } = await readNetworks([folder.write("a.conf", netconf(ipam))]);
    assertEquals(networks.map(({ access }) => access), [undefined]);
  }
});
