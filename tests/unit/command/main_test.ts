/** The sub-commands, in this process: what they print where, and their exit codes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../lib/command/main.ts";
import { openSqlite } from "../../../lib/datastore/sqlite.ts";
import type { AddRequest } from "../../../lib/ipam/request.ts";
import { parseAddr } from "../../../lib/net/addr.ts";
import type { Io } from "../../../lib/plugin/io.ts";
import { addressKey } from "../../../lib/state/keys.ts";
import { add, addRequest, ASKER, release } from "../../support/allocator.ts";
import { allEntries, checkInvariants } from "../../support/invariants.ts";
import { makeSandbox, type Sandbox } from "../../support/plugin.ts";
import { setOf, wishFor } from "../../support/sets.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], changes: Partial<Io> = {}): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const code = await main(args, {
    env: () => undefined,
    stdin: () => Promise.resolve(""),
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    now: () => NOW,
    random: () => 0n,
    ...changes,
  });
  return { code, stdout, stderr };
}

interface Node extends AsyncDisposable {
  readonly conf: string;
  readonly sandbox: Sandbox;
}

async function makeNode(ipam: Readonly<Record<string, unknown>> = {}): Promise<Node> {
  const sandbox = await makeSandbox();
  const conf = `${sandbox.root}/10-net.conf`;
  await Deno.writeTextFile(conf, JSON.stringify(sandbox.netconf(ipam)));
  return { conf, sandbox, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}

function request(
  pod: string,
  ips: readonly string[],
  changes: Partial<AddRequest> = {},
): AddRequest {
  const retain = 60_000;
  return {
    ...addRequest({
      sets: [setOf({ subnet: "10.1.0.0/24", retain }), setOf({ subnet: "fd00::/64", retain })],
      wishes: ips.map((ip, index) => wishFor(ip, index)),
      now: NOW,
      asker: {
        ...ASKER,
        containerId: `c-${pod}`,
        authorities: ["api-1"],
        pod: { namespace: "shop", name: pod, uid: `uid-${pod}` },
      },
    }),
    ...changes,
  };
}

/** web-0 holds two addresses; what web-1 held is retained, what job held cools down. */
async function fill({ sandbox }: Node): Promise<void> {
  await using store = openSqlite(sandbox.dataDir);
  const held = request("web-0", ["10.1.0.5", "fd00::5"]);
  const owner = { namespace: "shop", name: "web-1" };
  const retained = request("web-1", ["10.1.0.20", "fd00::20"], { owner });
  const cooling = request("job", ["10.1.0.9"], { sets: [setOf({ subnet: "10.1.0.0/24" })] });
  for (const one of [held, retained, cooling]) {
    assertEquals((await add(store, one)).kind, "granted");
  }
  for (const one of [retained, cooling]) await release(store, one);
  await checkInvariants(store);
}

async function check({ sandbox }: Node): Promise<readonly string[]> {
  await using store = openSqlite(sandbox.dataDir);
  await checkInvariants(store);
  return (await allEntries(store)).map(({ key }) => key.replace("/kube-ipam/v1/default/", ""));
}

Deno.test("list prints a table in address order", async () => {
  await using node = await makeNode();
  await fill(node);
  assertEquals(await run(["list", "--conf", node.conf]), {
    code: 0,
    stdout: `\
ADDRESS    STATE     NETWORK  POD         NODE    OWNER       UNTIL                     SINCE
10.1.0.5   held      net      shop/web-0  node-a  -           -                         2026-01-02T03:04:05.000Z
10.1.0.9   cooling   net      shop/job    node-a  -           2026-01-02T03:04:35.000Z  2026-01-02T03:04:05.000Z
10.1.0.20  retained  net      shop/web-1  node-a  shop/web-1  2026-01-02T03:05:05.000Z  2026-01-02T03:04:05.000Z
fd00::5    held      net      shop/web-0  node-a  -           -                         2026-01-02T03:04:05.000Z
fd00::20   retained  net      shop/web-1  node-a  shop/web-1  2026-01-02T03:05:05.000Z  2026-01-02T03:04:05.000Z
`,
    stderr: "",
  });
});

Deno.test("list --json prints the whole record, one on a line", async () => {
  await using node = await makeNode();
  await fill(node);
  const { code, stdout, stderr } = await run(["list", "--conf", node.conf, "--json"]);
  assertEquals([code, stderr], [0, ""]);
  const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.length, 5);
  assertEquals(rows[2], {
    ip: "10.1.0.20",
    state: "retained",
    schema: 1,
    cluster: "default",
    network: "net",
    containerID: "c-web-1",
    ifname: "eth0",
    node: "node-a",
    nodeId: "id-a",
    boot: "boot-a",
    pod: { namespace: "shop", name: "web-1", uid: "uid-web-1" },
    authority: "api-1",
    owner: { namespace: "shop", name: "web-1" },
    since: NOW,
    prefixLength: 24,
    source: "args",
    cools: rows[2].cools,
    rule: "1m",
    until: NOW + 60_000,
  });
});

Deno.test("list --network and --state leave out the others", async () => {
  await using node = await makeNode();
  await fill(node);
  const args = ["list", "--conf", node.conf];
  const { stdout } = await run([...args, "--state=retained", "--network", "net"]);
  assertEquals(stdout.match(/^[0-9a-f.:]+(?= )/gm), ["10.1.0.20", "fd00::20"]);
  assertEquals(
    (await run([...args, "--network", "other", "--state", "held"])).stderr,
    'kube-ipam: No address in state held of network "other" is recorded in the address space "default"\n',
  );
});

Deno.test("list says on stderr that a space is empty", async () => {
  await using node = await makeNode({ addressSpace: "tenant" });
  await fill(node);
  const stderr = 'kube-ipam: No address is recorded in the address space "tenant"\n';
  for (const flags of [[], ["--json"]]) {
    const answer = await run(["list", "--conf", node.conf, ...flags]);
    assertEquals(answer, { code: 0, stdout: "", stderr });
  }
});

Deno.test("list goes on after a record that cannot be read, and ends with 1", async () => {
  await using node = await makeNode();
  await fill(node);
  const key = addressKey("default", parseAddr("10.1.0.9"));
  {
    await using store = openSqlite(node.sandbox.dataDir);
    const writes = [{ kind: "put", key, value: '{"schema":9}' }] as const;
    await store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(10_000) });
  }
  const table = await run(["list", "--conf", node.conf]);
  assertEquals(table.code, 1);
  assertStringIncludes(
    table.stdout,
    `\n10.1.0.9   unreadable  ${key}\n10.1.0.20  retained    net `,
  );
  assertMatch(table.stderr, /^kube-ipam: Cannot read a record of the datastore: .*schema 9.*\n$/);
  const json = await run(["list", "--conf", node.conf, "--json", "--state", "cooling"]);
  assertEquals(json.code, 1);
  assertEquals(JSON.parse(json.stdout), {
    ip: "10.1.0.9",
    state: "unreadable",
    key,
    error: "Cannot read a record of schema 9 as this kube-ipam knows 1",
  });
});

Deno.test("release frees what is retained or cools down, each on a line of its own", async () => {
  await using node = await makeNode();
  await fill(node);
  const ips = ["10.1.0.20", "10.1.0.9", "10.1.0.77", "FD00:0::20", "fd00::20"];
  assertEquals(await run(["release", "--conf", node.conf, ...ips]), {
    code: 0,
    stdout: `\
10.1.0.20 was retained for shop/web-1 on network "net" until 2026-01-02T03:05:05.000Z: now it is free
10.1.0.9 was cooling down on network "net" until 2026-01-02T03:04:35.000Z: now it is free
10.1.0.77 is free
fd00::20 was retained for shop/web-1 on network "net" until 2026-01-02T03:05:05.000Z: now it is free
`,
    stderr: "",
  });
  const folders = (await check(node)).map((key) => key.split("/")[0]);
  assertEquals([...new Set(folders)], ["addresses", "attachments", "nodes", "pods"]);
});

Deno.test("release refuses what is held, says who holds it, and goes on", async () => {
  await using node = await makeNode();
  await fill(node);
  assertEquals(await run(["release", "--conf", node.conf, "10.1.0.5", "10.1.0.9"]), {
    code: 1,
    stdout:
      '10.1.0.9 was cooling down on network "net" until 2026-01-02T03:04:35.000Z: now it is free\n',
    stderr: "kube-ipam: Cannot release an address that is held: 10.1.0.5: it is held by pod " +
      'shop/web-0, container c-web-0 (eth0) on network "net" on node node-a ' +
      "since 2026-01-02T03:04:05.000Z. Delete the pod; if it is gone for certain, use --force\n",
  });
  assert((await check(node)).includes("addresses/4/0a010005"));
});

Deno.test("release --force removes the whole attachment", async () => {
  await using node = await makeNode();
  await fill(node);
  const { code, stdout } = await run(["release", "--force", "--conf", node.conf, "fd00::5"]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^fd00::5 was held by pod shop\/web-0, .*: now it is free, and with it 10\.1\.0\.5\n$/,
  );
  const keys = await check(node);
  assertEquals(keys.filter((key) => key.includes("web-0")), []);
});

Deno.test("release tells of an address whose record cannot be read, and goes on", async () => {
  await using node = await makeNode();
  await fill(node);
  {
    await using store = openSqlite(node.sandbox.dataDir);
    const key = addressKey("default", parseAddr("10.1.0.30"));
    const writes = [{ kind: "put", key, value: "x" }] as const;
    await store.commit({ guards: [], writes }, { signal: AbortSignal.timeout(10_000) });
  }
  const ran = await run(["release", "--conf", node.conf, "10.1.0.30", "10.1.0.31"]);
  assertEquals([ran.code, ran.stdout], [1, "10.1.0.31 is free\n"]);
  assertMatch(ran.stderr, /^kube-ipam: Cannot read a record of the datastore: 10\.1\.0\.30: .*\n$/);
});

Deno.test("a warning of the configuration is told on stderr", async () => {
  await using node = await makeNode({ subnett: "10.1.0.0/24" });
  const { code, stderr } = await run(["list", "--conf", node.conf, "--json"]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "kube-ipam: warning: ipam.subnett: is not a known key");
});

Deno.test("a datastore that cannot be opened is one line and exit code 1", async () => {
  await using node = await makeNode();
  await Deno.writeTextFile(node.sandbox.dataDir, "no folder");
  for (const args of [["list"], ["release", "10.1.0.1"]]) {
    const { code, stdout, stderr } = await run([...args, "--conf", node.conf]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^kube-ipam: Cannot read or write the datastore: .+\n$/);
  }
});

Deno.test("nobody who reads any more is no error", async () => {
  await using node = await makeNode();
  await fill(node);
  const stdout = (): void => {
    throw new Deno.errors.BrokenPipe();
  };
  for (const args of [["list"], ["list", "--json"], ["release", "10.1.0.9"], ["help"]]) {
    const more = args[0] === "help" ? [] : ["--conf", node.conf];
    const { code, stderr } = await run([...args, ...more], { stdout });
    assertEquals([code, stderr], [1, ""]);
  }
});

Deno.test("words that are not understood end with 2, and say where to look", async () => {
  const conf = ["--conf", "/nowhere"];
  const cases: readonly (readonly [readonly string[], string, string])[] = [
    [["lst"], 'Unknown word "lst": did you mean "list"?', "help"],
    [["frobnicate"], 'Unknown word "frobnicate"', "help"],
    [["list"], "Cannot list addresses as the network configuration is missing", "list --help"],
    [["list", ...conf, "10.1.0.1"], 'current value is "10.1.0.1"', "list --help"],
    [["list", ...conf, "--state", "hold"], "did you mean held?", "list --help"],
    [["list", ...conf, "--state", "gone"], "held, retained, cooling", "list --help"],
    [["list", ...conf, "--jason"], "did you mean --json?", "list --help"],
    [["release", "10.1.0.1"], "give --conf FILE", "release --help"],
    [["release", ...conf], "as none is given", "release --help"],
    [["release", ...conf, "10.1.0.1", "10.1.0.01"], "leading zero", "release --help"],
    [["release", ...conf, "--forse", "10.1.0.1"], "did you mean --force?", "release --help"],
    [["outputconf", "flannel"], 'current value is "flannel"', "help"],
  ];
  for (const [args, message, help] of cases) {
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message);
    assert(stderr.endsWith(`\nTry: kube-ipam ${help}\n`), stderr);
  }
});

Deno.test("help names each command, and each command explains itself", async () => {
  for (const args of [[], ["help"], ["--help"], ["-h"], ["outputconf", "--help"]]) {
    const { code, stdout } = await run(args);
    assertEquals(code, 0);
    for (const word of ["version", "help", "list", "release", "outputconf"]) {
      assertStringIncludes(stdout, `kube-ipam ${word} `);
    }
  }
  for (const command of ["list", "release"]) {
    for (const args of [[command, "--help"], [command, "--cnf", "-h"], ["help", command]]) {
      const { code, stdout, stderr } = await run(args);
      assertEquals([code, stderr], [0, ""]);
      assertStringIncludes(stdout, `kube-ipam ${command} --conf FILE`);
    }
  }
  assertStringIncludes((await run(["release", "--help"])).stdout, "another pod may get the same");
});
