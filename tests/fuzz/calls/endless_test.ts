/**
 * Servers that never come to an end: as fast as they can, byte by byte, packed a thousandfold, or with answers that
 * are none. The call ends within its deadline, and takes no more than it can hold.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { makeSandbox, pluginCommand, type Sandbox } from "../../support/plugin.ts";
import { writeKubeconfig } from "../../unit/kube/kubeconfig/_kubeconfig.ts";
import { callHostile, checkAnswer, goodEnv, type HostileAnswer } from "../_calls.ts";
import { SECRETS } from "../_secrets.ts";
import { plainly, type Reaction, startHostile } from "../_server.ts";

const encoder = new TextEncoder();
/** What is read of one answer, and what lies in the buffers of two sockets. */
const MOST_BYTES = 8 * 1024 * 1024 + 24 * 1024 * 1024;
/** What one process may take beyond another: forty times the largest answer that is read. */
const MEMORY_BYTES = 320 * 1024 * 1024;
const SILENCE: Reaction = { pieces: [], then: "hang" };
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const MEGABYTE = "[1],".repeat(262_144);

const ENDLESS: Readonly<Record<string, Reaction>> = {
  "a body without end": stream(`${HEAD}\r\n`, MEGABYTE),
  "a body of 4 GiB": stream(`${HEAD}Content-Length: 4294967296\r\n\r\n`, MEGABYTE),
  "chunks without end": stream(
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    `${MEGABYTE.length.toString(16)}\r\n${MEGABYTE}\r\n`,
  ),
  "chunks of one byte": stream(
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    "1\r\n[\r\n".repeat(10_000),
  ),
  "a chunk whose size never ends": stream(
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    "0".repeat(100_000),
  ),
  "headers without end": stream(HEAD, "X-Header: some value\r\n".repeat(10_000)),
  "one header without end": stream(`${HEAD}X-Header: `, "x".repeat(100_000)),
  "interim answers without end": stream("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(4_000)),
  "no line at all": stream("", "x".repeat(100_000)),
};
const SLOW: Readonly<Record<string, Reaction>> = {
  "a byte at a time": {
    pieces: [encoder.encode(`${HEAD}Content-Length: 90000\r\n\r\n`), encoder.encode("[")],
    endless: true,
    pauseMs: 5,
    then: "close",
  },
  "a head that comes byte by byte": {
    pieces: [encoder.encode("H"), encoder.encode("x")],
    endless: true,
    pauseMs: 5,
    then: "close",
  },
  "silence": SILENCE,
  "silence after the head": {
    pieces: [encoder.encode(`${HEAD}Content-Length: 9\r\n\r\n{`)],
    then: "hang",
  },
};

function stream(head: string, rest: string): Reaction {
  return { pieces: [encoder.encode(head), encoder.encode(rest)], endless: true, then: "close" };
}

/** A DEL needs neither the pod nor an address: only etcd, and what is deferred. */
function callEtcd(
  sandbox: Sandbox,
  { url, verb = "ADD" }: { readonly url: string; readonly verb?: string },
): Promise<HostileAnswer> {
  const etcdConfig = { etcdURL: url, etcdUsername: "ipam", etcdPassword: SECRETS.etcdPassword };
  return callHostile(sandbox, { env: goodEnv(verb), stdin: sandbox.netconf({ etcdConfig }) });
}

function callKube(sandbox: Sandbox, url: string): Promise<HostileAnswer> {
  const kubeConfig = writeKubeconfig(sandbox.root, {
    server: url,
    user: { token: SECRETS.bearerToken },
  });
  const CNI_ARGS = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0";
  const stdin = sandbox.netconf({ kubeConfig, annotations: "on", datastore: "sqlite" });
  return callHostile(sandbox, { env: { ...goodEnv("ADD"), CNI_ARGS }, stdin });
}

function codeOf({ stdout }: HostileAnswer): number {
  return JSON.parse(stdout).code;
}

for (const [name, reaction] of Object.entries(ENDLESS)) {
  Deno.test(`an etcd or an API that sends ${name} is refused with 11, and little of it is read`, async () => {
    await using sandbox = await makeSandbox();
    await using server = startHostile(() => reaction);
    const { url } = server;
    for (const call of [() => callEtcd(sandbox, { url }), () => callKube(sandbox, url)]) {
      server.reset();
      assertEquals(codeOf(await call()), 11);
      const requests = Math.max(1, server.met.length);
      assert(server.sent < requests * MOST_BYTES, `${server.sent} bytes for ${requests} requests`);
    }
  });
}

/** By its name the server is asked by `fetch`, which reads on by itself: what counts is what the process takes. */
const BY_NAME: Readonly<Record<string, Reaction>> = {
  "a body without end": ENDLESS["a body without end"] ?? SILENCE,
  "interim answers without end": ENDLESS["interim answers without end"] ?? SILENCE,
  "a quarter of a gigabyte, packed": packed(256 * 1024 * 1024),
};

for (const [name, reaction] of Object.entries(BY_NAME)) {
  Deno.test(`a process that is sent ${name} takes no more memory than another`, async () => {
    await using sandbox = await makeSandbox();
    await using server = startHostile(() => reaction);
    const etcdConfig = { etcdURL: `http://localhost:${server.port}` };
    const usual = await peakOf(sandbox, sandbox.netconf());
    const peak = await peakOf(sandbox, sandbox.netconf({ etcdConfig }));
    assert(server.met.length > 0);
    assert(peak < usual + MEMORY_BYTES, `${peak} bytes, and ${usual} for another call`);
  });
}

function packed(size: number): Reaction {
  const body = gzipSync(new Uint8Array(size));
  const head = `${HEAD}Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { pieces: [encoder.encode(head), body], then: "serve" };
}

/** Calls ADD in a process of its own; returns the most memory that it ever had, in bytes. */
async function peakOf(sandbox: Sandbox, netconf: unknown): Promise<number> {
  const [program = "", ...args] = await pluginCommand(sandbox.root);
  const process = new Deno.Command(program, {
    args,
    env: goodEnv("ADD"),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(encoder.encode(JSON.stringify(netconf)));
  await writer.close();
  let ended = false;
  const output = process.output().finally(() => ended = true);
  let peak = 0;
  while (!ended) {
    const status = await Deno.readTextFile(`/proc/${process.pid}/status`).catch(() => "");
    peak = Math.max(peak, 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? "0"));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { code, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  checkAnswer({ code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), log: "" });
  return peak;
}

Deno.test("an etcd or an API that is slow without end is refused with 11 within the deadline", async () => {
  // At once: each takes as long as a try may take.
  await Promise.all(
    Object.values(SLOW).map(async (reaction) => {
      await using sandbox = await makeSandbox();
      await using server = startHostile(() => reaction);
      await Promise.all([callEtcd(sandbox, { url: server.url }), callKubeAlone(server.url)]
        .map(async (call) => assertEquals(codeOf(await call), 11)));
    }),
  );
});

async function callKubeAlone(url: string): Promise<HostileAnswer> {
  await using sandbox = await makeSandbox();
  return await callKube(sandbox, url);
}

Deno.test("a redirect is not followed, so no secret goes to where it leads", async () => {
  await using sandbox = await makeSandbox();
  await using other = startHostile(() => plainly(200, "{}"));
  await using server = startHostile(() => ({
    pieces: [
      encoder.encode(`HTTP/1.1 307 Go\r\nLocation: ${other.url}/x\r\nContent-Length: 0\r\n\r\n`),
    ],
    then: "serve",
  }));
  for (const url of [server.url, `http://localhost:${server.port}`]) {
    await callEtcd(sandbox, { url });
    await callKube(sandbox, url);
  }
  assert(server.met.length > 3);
  assertEquals(other.met, []);
});
