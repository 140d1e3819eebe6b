import { assert, assertEquals } from "@std/assert";
import {
  failureOfAnswer,
  failureOfConnection,
  failureOfStatus,
  failureOfTimeout,
} from "../../../../lib/datastore/etcd/failure.ts";

const SENDING = "error sending request for url (https://u:pw@10.0.0.1:2379/v3/kv/txn): ";

Deno.test("failureOfStatus() knows the errors of etcd", () => {
  const cases: readonly [code: number, text: string, kind: string, sent: boolean][] = [
    [8, "etcdserver: mvcc: database space exceeded", "full", false],
    [8, "etcdserver: too many requests", "unreachable", false],
    [3, "etcdserver: user name is empty", "token", false],
    [16, "etcdserver: invalid auth token", "token", false],
    [16, "something new", "token", false],
    [3, "etcdserver: revision of auth store is old", "token", false],
    [3, "etcdserver: authentication failed, invalid user ID or password", "refused", false],
    [9, "etcdserver: authentication is not enabled", "authOff", false],
    [7, "etcdserver: permission denied", "refused", false],
    [7, "something new", "refused", false],
    [3, "etcdserver: request is too large", "misconfigured", false],
    [3, "etcdserver: too many operations in txn request", "misconfigured", false],
    [12, "unknown service etcdserverpb.KV", "misconfigured", false],
    [14, "etcdserver: no leader", "unreachable", true],
    [14, "etcdserver: request timed out", "unreachable", true],
    [2, "something new", "unreachable", true],
  ];
  for (const [code, text, kind, sent] of cases) {
    const failure = failureOfStatus({ code, text });
    assertEquals([failure.kind, failure.sent, failure.text], [kind, sent, text]);
    assert(failure.repair !== "" || kind === "authOff", text);
  }
});

Deno.test("failureOfConnection() knows what fetch says of TLS and of sockets", () => {
  const cases: readonly [text: string, kind: string, sent: boolean, repair: RegExp][] = [
    [
      "client error (Connect): invalid peer certificate: UnknownIssuer",
      "misconfigured",
      false,
      /etcdTrustedCAFile/,
    ],
    [
      "client error (Connect): invalid peer certificate: BadSignature",
      "misconfigured",
      false,
      /etcdTrustedCAFile/,
    ],
    [
      "client error (Connect): invalid peer certificate: certificate expired: verification time 1 (UNIX), but certificate is not valid after 0 (1 seconds ago)",
      "misconfigured",
      false,
      /Renew/,
    ],
    [
      'client error (Connect): invalid peer certificate: certificate not valid for name "10.0.0.1"; certificate is only valid for DnsName("a")',
      "misconfigured",
      false,
      /subjectAltName/,
    ],
    [
      "client error (Connect): invalid peer certificate: BadEncoding",
      "misconfigured",
      false,
      /server certificate/,
    ],
    ["received fatal alert: BadCertificate", "misconfigured", false, /etcdCertFile/],
    [
      "client error (SendRequest): connection error: received fatal alert: CertificateRequired",
      "misconfigured",
      false,
      /etcdCertFile/,
    ],
    [
      "client error (Connect): received corrupt message of type InvalidContentType",
      "misconfigured",
      false,
      /http:\/\//,
    ],
    [
      "client error (Connect): tcp connect error: Connection refused (os error 111)",
      "unreachable",
      false,
      /etcd runs/,
    ],
    [
      "client error (Connect): dns error: failed to lookup address",
      "unreachable",
      false,
      /etcd runs/,
    ],
    [
      "client error (SendRequest): connection closed before message completed",
      "unreachable",
      true,
      /etcd runs/,
    ],
    ["something new", "unreachable", true, /etcd runs/],
    [
      'Requires net access to "10.0.0.1:2379", run again with --allow-net',
      "misconfigured",
      false,
      /compile/,
    ],
  ];
  for (const [text, kind, sent, repair] of cases) {
    for (
      const error of [
        new TypeError(SENDING + text),
        new TypeError("fetch failed", { cause: new Error(SENDING + text) }),
      ]
    ) {
      const failure = failureOfConnection(error);
      assertEquals([failure.kind, failure.sent], [kind, sent], text);
      assert(repair.test(failure.repair), `${text}: ${failure.repair}`);
      assert(!failure.text.includes("pw"), failure.text);
      assert(!failure.text.includes("url ("), failure.text);
    }
  }
});

Deno.test("failures of time and of strange answers may have been acted on", () => {
  assertEquals([failureOfTimeout(1500).sent, failureOfAnswer("<html>").sent], [true, true]);
});

Deno.test("failureOfAnswer() shows one short printable line", () => {
  const { text } = failureOfAnswer(`<html>\n\u0007${"x".repeat(1000)}`);
  assert(text.length < 300);
  assert(/^[ -~]*$/.test(text));
});

Deno.test("failureOfStatus() knows an error by what etcd said, and shows it without secrets", () => {
  const text = "etcdserver: authentication failed, invalid user ID or password";
  const { kind, text: told } = failureOfStatus({ code: 3, text, shown: "etcdserver: (secret)" });
  assertEquals([kind, told], ["refused", "etcdserver: (secret)"]);
});
