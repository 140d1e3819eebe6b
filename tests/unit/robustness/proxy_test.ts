import { assertEquals } from "@std/assert";
import { cutMessage } from "../../robustness/proxy/message.ts";
import { claimOf, lookAt, makeTraps, releaseOf } from "../../robustness/proxy/trap.ts";
import { isWriting, keysOf, revisionOf } from "../../robustness/proxy/txn.ts";

const KEY = "/kube-ipam/v1/default/attachments/net/c1/eth0";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function post(txn: unknown): string {
  const body = JSON.stringify(txn);
  return `POST /v3/kv/txn HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function cutAt(text: string, length: number): string | undefined {
  return cutMessage(bytesOf(text).subarray(0, length))?.message.body;
}

Deno.test("cutMessage() waits for the whole of a message and leaves what follows", () => {
  const first = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (let length = 0; length < first.length; length++) {
    assertEquals(cutAt(first, length), undefined);
  }
  const cut = cutMessage(bytesOf(`${first}GET`));
  assertEquals(cut?.message.body, "hello");
  assertEquals(cut?.rest, bytesOf("GET"));
});

Deno.test("cutMessage() joins chunks, also before trailers", () => {
  for (const trailer of ["", "Grpc-Status: 0\r\n"]) {
    const text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
      `3\r\nabc\r\n2\r\nde\r\n0\r\n${trailer}\r\n`;
    for (let length = 0; length < text.length; length++) {
      assertEquals(cutAt(text, length), undefined);
    }
    const cut = cutMessage(bytesOf(`${text}rest`));
    assertEquals(cut?.message.body, "abcde");
    assertEquals(cut?.rest, bytesOf("rest"));
  }
});

Deno.test("keysOf() tells reads from writes, and nothing of other requests", () => {
  const key = btoa(KEY);
  const text = post({
    success: [
      { request_put: { key } },
      { request_delete_range: { key } },
      { request_range: { key } },
      { request_range: { key, range_end: key } },
    ],
  });
  const message = cutMessage(bytesOf(text))?.message;
  const keys = message && keysOf(message);
  assertEquals(keys, { puts: [KEY], deletes: [KEY], gets: [KEY], lists: [KEY] });
  assertEquals(keys && isWriting(keys), true);
  const other = cutMessage(bytesOf("GET /version HTTP/1.1\r\n\r\n"))?.message;
  assertEquals(other && keysOf(other), undefined);
});

Deno.test("revisionOf() tells the revision of what was applied only", () => {
  const answer = (body: unknown): number | undefined =>
    revisionOf({ bytes: new Uint8Array(), head: "", body: JSON.stringify(body) });
  assertEquals(answer({ header: { revision: "7" }, succeeded: true }), 7);
  assertEquals(answer({ header: { revision: "7" } }), undefined);
  assertEquals(answer({ error: "etcdserver: no leader" }), undefined);
});

Deno.test("a trap holds one transaction of its container until it is let go", async () => {
  const none = { puts: [], deletes: [], gets: [], lists: [] };
  const traps = makeTraps();
  using trap = traps.set({ what: claimOf("c1"), side: "answer" });
  const at = { side: "answer", port: 7 } as const;
  assertEquals(await traps.pass({ ...none, deletes: [KEY] }, at), true);
  assertEquals(await traps.pass({ ...none, puts: [KEY] }, { ...at, side: "request" }), true);
  const passing = traps.pass({ ...none, puts: [KEY] }, at);
  const caught = await trap.sprung;
  assertEquals(caught.port, 7);
  assertEquals(await traps.pass({ ...none, puts: [KEY] }, at), true); // it holds one
  caught.letGo();
  assertEquals(await passing, true);
});

Deno.test("a trap that is disposed of ends what it holds", async () => {
  const none = { puts: [], deletes: [], gets: [], lists: [] };
  const traps = makeTraps();
  const trap = traps.set({ what: lookAt("c1"), side: "request" });
  const passing = traps.pass({ ...none, gets: [KEY] }, { side: "request", port: 7 });
  await trap.sprung;
  trap[Symbol.dispose]();
  assertEquals(await passing, false);
});

Deno.test("a take-over is no release", () => {
  const none = { puts: [], deletes: [], gets: [], lists: [] };
  const next = KEY.replace("c1", "c2");
  assertEquals(releaseOf("c1")({ ...none, deletes: [KEY] }), true);
  assertEquals(releaseOf("c1")({ ...none, deletes: [KEY], puts: [next] }), false);
});
